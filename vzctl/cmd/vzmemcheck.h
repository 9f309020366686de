/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/vzmemcheck: the command vzmemcheck(8). */
#ifndef VZ_CMD_VZMEMCHECK_H
#define VZ_CMD_VZMEMCHECK_H

/** vz_vzmemcheck_main() - the whole command. Returns the exit code. */
int vz_vzmemcheck_main(int argc, char **argv);

#endif
