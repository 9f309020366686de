/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/vzpid: the command vzpid(8). */
#ifndef VZ_CMD_VZPID_H
#define VZ_CMD_VZPID_H

/** vz_vzpid_main() - the whole command. Returns the exit code. */
int vz_vzpid_main(int argc, char **argv);

#endif
