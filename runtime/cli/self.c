// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cli/self: keeps our own binary out of a container's reach; see cli_protect_self() in cli.h.
 *
 * Running again from a read-only mount costs a second start of the program. What the first one would do before main (the C
 * library's own start, relocations: a third of a millisecond and 60 page faults) is for nothing then, so that in the static
 * program the ELF entry point is ours: it decides with four system calls, and only the second start goes on to the C
 * library's _start. Nothing here may need the C library until then: no errno, no stack protector, no relocated pointer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli/cli.h"
#include "sys/mount.h"

#define EARLY __attribute__((no_stack_protector))

/* A system call without errno: the result, or -errno. */
EARLY static inline long call(long number, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
#else
	long result = syscall(number, a, b, c, d, e);

	return result < 0 ? -errno : result;
#endif
}

/* Of the process, found before main could have it in a struct of its own. */
static bool is_sealed;

/* 0 when the binary is on a read-only mount: that of its clone, where the second start finds itself, or the host's own. */
EARLY static int run_sealed(char **argv, char **envp)
{
	static const char self[] = "/proc/self/exe", empty[] = "";
	const long tree_flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT;
	struct mount_attr attr;
	struct statfs st;
	long fd, r;

	st.f_flags = 0; /* not the whole of it, which may be memset() */
	r = call(SYS_statfs, (long)self, (long)&st, 0, 0, 0);
	if (r < 0 || (st.f_flags & ST_RDONLY))
		return (int)r;
	attr.attr_set = MOUNT_ATTR_RDONLY;
	attr.attr_clr = attr.propagation = attr.userns_fd = 0;
	fd = call(SYS_open_tree_attr, AT_FDCWD, (long)self, tree_flags, (long)&attr, sizeof(attr));
	if (fd < 0) {
		fd = call(SYS_open_tree, AT_FDCWD, (long)self, tree_flags, 0, 0);
		if (fd >= 0)
			r = call(SYS_mount_setattr, fd, (long)empty, AT_EMPTY_PATH, (long)&attr,
				 sizeof(attr));
	}
	if (fd < 0)
		return (int)fd;
	if (r == 0)
		r = call(SYS_execveat, fd, (long)empty, (long)argv, (long)envp, AT_EMPTY_PATH);
	(void)call(SYS_close, fd, 0, 0, 0, 0);
	return (int)r;
}

#ifdef CLI_EARLY_ENTRY

EARLY static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* With the kernel's stack of a new program: argc, argv, NULL, envp (System V ABI, "Process Initialization"). */
EARLY __attribute__((used)) static void enter_early(long *stack)
{
	static const char run[] = "run", create[] = "create", exec[] = "exec";
	char **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1;

	/* Which word is the verb is for main to find; it asks again, and tells of errors. */
	for (char **word = argv; *word; word++) {
		if (!same(*word, run) && !same(*word, create) && !same(*word, exec))
			continue;
		is_sealed = run_sealed(argv, envp) == 0;
		break;
	}
}

#if defined(__x86_64__)
__asm__(".globl cli_early_entry\n"
	".type cli_early_entry, @function\n"
	"cli_early_entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdx, %r12\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call enter_early\n"
	"	mov %r12, %rdx\n"
	"	mov %rbx, %rsp\n"
	"	jmp _start\n"
	".size cli_early_entry, . - cli_early_entry\n");
#elif defined(__aarch64__)
__asm__(".globl cli_early_entry\n"
	".type cli_early_entry, %function\n"
	"cli_early_entry:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x19, x0\n"
	"	mov x0, sp\n"
	"	bl enter_early\n"
	"	mov x0, x19\n"
	"	b _start\n"
	".size cli_early_entry, . - cli_early_entry\n");
#endif

#endif

int cli_protect_self(struct cli *cli, int preserve_fds, struct wabe_error *err)
{
	int r;

	if (is_sealed)
		return 0;
	/* They are close-on-exec since the beginning of main. */
	for (int i = 3; i < 3 + preserve_fds; i++)
		if (fcntl(i, F_SETFD, 0) < 0)
			return wabe_error_set(err, -errno, "pass descriptor %d", i);
	r = run_sealed(cli->argv, environ);
	if (r == -EPERM)
		r = cli_protect_copy(cli, err);
	else if (r < 0)
		(void)wabe_error_set(err, r, "run again from a read-only mount");
	if (r < 0)
		return r;
	for (int i = 3; i < 3 + preserve_fds; i++)
		(void)fcntl(i, F_SETFD, FD_CLOEXEC);
	return 0;
}
