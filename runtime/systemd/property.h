/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd/property: properties of a unit, from words of a command line to a D-Bus message.
 *
 *     MemoryMax=1048576        a property that wabe knows, of the type in the table of property.c; "max" is no limit
 *     DeviceAllow=PATH ACCESS  may be repeated, the words of all make one property
 *     KillSignal:=int32 15     any property, its value in GVariant's text format (variant.c)
 */
#ifndef WABE_SYSTEMD_PROPERTY_H
#define WABE_SYSTEMD_PROPERTY_H

#include <stddef.h>
#include <systemd/sd-bus.h>

#include "base/error.h"

/** property_append_all() - the content of an a(sv) that is open in @m. 0 or -errno, the error names the word. */
int property_append_all(sd_bus_message *m, char **words, size_t count, struct wabe_error *err);

/**
 * variant_append() - "(sv)" of @name and a value in GVariant's text format: true, 15, 'text', uint64 7, ['a', 'b'].
 * A name that ends in Sec gets its value as microseconds under the name that ends in USec, as systemd.unit(5) has it.
 * 0, -EINVAL: not of the form or a type that no property has, or -errno.
 */
int variant_append(sd_bus_message *m, const char *name, const char *text, struct wabe_error *err);

#endif
