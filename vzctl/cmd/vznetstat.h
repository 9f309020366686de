/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/vznetstat: the command vznetstat(8).
 */
#ifndef VZ_CMD_VZNETSTAT_H
#define VZ_CMD_VZNETSTAT_H

/** vz_vznetstat_main() - the whole command. Returns its exit code. */
int vz_vznetstat_main(int argc, char **argv);

#endif
