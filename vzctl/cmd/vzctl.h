/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/vzctl: the command vzctl(8): words to verbs, errors to exit codes.
 */
#ifndef VZ_CMD_VZCTL_H
#define VZ_CMD_VZCTL_H

/** vz_vzctl_main() - the whole command. Returns the exit code (conf/exit.h). */
int vz_vzctl_main(int argc, char **argv);

#endif
