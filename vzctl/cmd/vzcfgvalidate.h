/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/vzcfgvalidate: the command vzcfgvalidate(8). */
#ifndef VZ_CMD_VZCFGVALIDATE_H
#define VZ_CMD_VZCFGVALIDATE_H

/** vz_vzcfgvalidate_main() - the whole command. Returns the exit code. */
int vz_vzcfgvalidate_main(int argc, char **argv);

#endif
