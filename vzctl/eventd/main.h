/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eventd/main: the program vzeventd.
 */
#ifndef VZ_EVENTD_MAIN_H
#define VZ_EVENTD_MAIN_H

/** vz_eventd_main() - the exit code. */
int vz_eventd_main(int argc, char **argv);

#endif
