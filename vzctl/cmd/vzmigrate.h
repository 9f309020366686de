/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/vzmigrate: the command vzmigrate(8). */
#ifndef VZ_CMD_VZMIGRATE_H
#define VZ_CMD_VZMIGRATE_H

/** vz_vzmigrate_main() - the whole command. Returns the exit code. */
int vz_vzmigrate_main(int argc, char **argv);

#endif
