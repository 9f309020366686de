/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/archive: libarchive, loaded when it is used. The only user of libarchive's header beside
 * entry, unpack and pack.
 *
 * A struct of the library's own functions under their own names, found by dlopen(3): only the one
 * child process that reads or writes an archive pays for the library and its eleven dependencies.
 */
#ifndef VZ_TMPL_ARCHIVE_H
#define VZ_TMPL_ARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "base/error.h"

#define VZ_ARCHIVE_FUNCTIONS(F)                    \
	F(archive_read_new)                        \
	F(archive_read_support_filter_gzip)        \
	F(archive_read_support_filter_bzip2)       \
	F(archive_read_support_filter_xz)          \
	F(archive_read_support_filter_zstd)        \
	F(archive_read_support_filter_lz4)         \
	F(archive_read_support_format_tar)         \
	F(archive_read_support_format_raw)         \
	F(archive_read_open_fd)                    \
	F(archive_read_next_header)                \
	F(archive_read_next_header2)               \
	F(archive_read_data_block)                 \
	F(archive_read_disk_new)                   \
	F(archive_read_disk_set_symlink_physical)  \
	F(archive_read_disk_set_behavior)          \
	F(archive_read_disk_open)                  \
	F(archive_read_disk_descend)               \
	F(archive_read_free)                       \
	F(archive_write_disk_new)                  \
	F(archive_write_disk_set_options)          \
	F(archive_write_new)                       \
	F(archive_write_set_format_pax_restricted) \
	F(archive_write_add_filter_none)           \
	F(archive_write_add_filter_gzip)           \
	F(archive_write_add_filter_xz)             \
	F(archive_write_add_filter_zstd)           \
	F(archive_write_open_fd)                   \
	F(archive_write_header)                    \
	F(archive_write_data)                      \
	F(archive_write_data_block)                \
	F(archive_write_finish_entry)              \
	F(archive_write_close)                     \
	F(archive_write_free)                      \
	F(archive_filter_bytes)                    \
	F(archive_format)                          \
	F(archive_errno)                           \
	F(archive_error_string)                    \
	F(archive_entry_new)                       \
	F(archive_entry_free)                      \
	F(archive_entry_clear)                     \
	F(archive_entry_pathname)                  \
	F(archive_entry_copy_pathname)             \
	F(archive_entry_filetype)                  \
	F(archive_entry_hardlink)                  \
	F(archive_entry_copy_hardlink)             \
	F(archive_entry_symlink)                   \
	F(archive_entry_size)                      \
	F(archive_entry_size_is_set)               \
	F(archive_entry_uid)                       \
	F(archive_entry_gid)                       \
	F(archive_entry_acl_reset)                 \
	F(archive_entry_acl_next)                  \
	F(archive_entry_xattr_reset)               \
	F(archive_entry_xattr_next)                \
	F(archive_entry_xattr_clear)               \
	F(archive_entry_xattr_add_entry)           \
	F(archive_entry_linkresolver_new)          \
	F(archive_entry_linkresolver_set_strategy) \
	F(archive_entry_linkresolver_free)         \
	F(archive_entry_linkify)

struct vz_archive {
#define VZ_ARCHIVE_FIELD(name) __typeof__ (&(name))(name);
	VZ_ARCHIVE_FUNCTIONS(VZ_ARCHIVE_FIELD)
#undef VZ_ARCHIVE_FIELD
};

/**
 * vz_archive_load() - load libarchive for the rest of the process' life.
 * -ENOTSUP, kind VZ_EXIT_NO_HELPER: it is not installed, or lacks a function.
 */
int vz_archive_load(struct vz_archive *ret_lib, struct wabe_error *err);

/**
 * vz_archive_error() - record what the library says about its last failure; hostile or damaged is
 * -EBADMSG.
 */
int vz_archive_error(const struct vz_archive *lib, struct archive *a, struct wabe_error *err,
		     const char *what);

#endif
