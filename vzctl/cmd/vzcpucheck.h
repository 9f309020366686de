/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/vzcpucheck: the command vzcpucheck(8). */
#ifndef VZ_CMD_VZCPUCHECK_H
#define VZ_CMD_VZCPUCHECK_H

/** vz_vzcpucheck_main() - the whole command. Returns the exit code. */
int vz_vzcpucheck_main(int argc, char **argv);

#endif
