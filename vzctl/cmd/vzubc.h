/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/vzubc: the command vzubc(8). */
#ifndef VZ_CMD_VZUBC_H
#define VZ_CMD_VZUBC_H

/** vz_vzubc_main() - the whole command. Returns the exit code. */
int vz_vzubc_main(int argc, char **argv);

#endif
