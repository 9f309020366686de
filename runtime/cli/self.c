// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cli/self: keeps our own binary out of a container's reach; see cli_protect_self() in cli.h.
 *
 * Running again from a read-only mount costs a second start of the program. So the static program has an ELF entry point of
 * ours, which maps the program once more from that mount, onto itself, and has the kernel call it this process's executable;
 * then the C library's _start goes on as if the program had been started from there. That is an execve() less, 0.15 ms of
 * the 4 that a container takes. Where the kernel doesn't allow it, the program is executed again, still before the C library
 * has spent its time. Nothing here may need the C library: no errno, no stack protector, no relocated pointer, and bytes
 * are volatile, or compilers make a memset() of a loop over them.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "sys/mount.h"

#define EARLY __attribute__((no_stack_protector))
#define UNTOUCHED __attribute__((uninitialized)) /* by -ftrivial-auto-var-init either */

/* A system call without errno: the result, or -errno. */
EARLY static inline long call6(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
	long result = syscall(number, a, b, c, d, e, f);

	return result < 0 ? -errno : result;
#endif
}

EARLY static inline long call(long number, long a, long b, long c, long d, long e)
{
	return call6(number, a, b, c, d, e, 0);
}

/* Of the process, found before main could have it in a struct of its own. */
static bool is_protected;

static const char self_path[] = "/proc/self/exe", empty[] = "";

/* 1 on a read-only mount: the clone, where the second start finds itself, or the host's own. Or 0, -errno. */
EARLY static int is_read_only(void)
{
	UNTOUCHED struct statfs st;
	long r;

	st.f_flags = 0; /* not the whole of it, which may be memset() */
	r = call(SYS_statfs, (long)self_path, (long)&st, 0, 0, 0);
	return r < 0 ? (int)r : !!(st.f_flags & ST_RDONLY);
}

/* The binary on a detached read-only mount of its own: a close-on-exec O_PATH descriptor, or -errno. */
EARLY static int clone_read_only(void)
{
	const long flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT;
	UNTOUCHED struct mount_attr attr;
	long fd, r = 0;

	attr.attr_set = MOUNT_ATTR_RDONLY;
	attr.attr_clr = attr.propagation = attr.userns_fd = 0;
	fd = call(SYS_open_tree_attr, AT_FDCWD, (long)self_path, flags, (long)&attr, sizeof(attr));
	if (fd >= 0)
		return (int)fd;
	fd = call(SYS_open_tree, AT_FDCWD, (long)self_path, flags, 0, 0);
	if (fd >= 0)
		r = call(SYS_mount_setattr, fd, (long)empty, AT_EMPTY_PATH, (long)&attr,
			 sizeof(attr));
	if (r < 0) {
		(void)call(SYS_close, fd, 0, 0, 0, 0);
		return (int)r;
	}
	return (int)fd;
}

/* Returns only when it fails: -errno. */
EARLY static int execute(int fd, char **argv, char **envp)
{
	return (int)call(SYS_execveat, fd, (long)empty, (long)argv, (long)envp, AT_EMPTY_PATH);
}

#ifdef CLI_EARLY_ENTRY

EARLY static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Of the linker: the program's first byte, where all its addresses count from. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* A descriptor to read and map from; a mount's own only names it. */
EARLY static int open_file(int mount_fd)
{
	UNTOUCHED char path[sizeof("/proc/self/fd/") + 10];
	char *at = path + sizeof(path) - 1;
	const char prefix[] = "/proc/self/fd/";

	*at = '\0';
	do
		*--at = (char)('0' + mount_fd % 10);
	while (mount_fd /= 10);
	for (const volatile char *c = prefix + sizeof(prefix) - 1; c > prefix;)
		*--at = *--c;
	return (int)call(SYS_openat, AT_FDCWD, (long)at, O_RDONLY | O_CLOEXEC, 0, 0);
}

/* One segment, with the bytes that it has already; behind those of the file what the kernel clears (elf(5), p_memsz). */
EARLY static long map_segment(const ElfW(Phdr) * ph, int fd, unsigned long page)
{
	unsigned long base = (unsigned long)&__ehdr_start, begin = base + ph->p_vaddr;
	unsigned long start = begin & ~(page - 1), end = begin + ph->p_filesz;
	unsigned long len = ((end + page - 1) & ~(page - 1)) - start;
	long prot = (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
		    (ph->p_flags & PF_X ? PROT_EXEC : 0);
	long r = call6(SYS_mmap, (long)start, (long)len, prot, MAP_PRIVATE | MAP_FIXED, fd,
		       (long)(ph->p_offset & ~(page - 1)));

	if (r < 0 && r > -4096)
		return r;
	if (ph->p_flags & PF_W)
		for (volatile char *c = (char *)end; c < (char *)start + len; c++)
			*c = '\0';
	return 0;
}

EARLY static void describe_segment(const ElfW(Phdr) * ph, struct prctl_mm_map *map)
{
	unsigned long begin = (unsigned long)&__ehdr_start + ph->p_vaddr;

	if (ph->p_flags & PF_X) {
		map->start_code = begin;
		map->end_code = begin + ph->p_filesz;
	} else if (ph->p_flags & PF_W) {
		map->start_data = begin;
		map->end_data = begin + ph->p_filesz;
	}
}

/* The kernel wants all of this beside the executable, and is told what it had: nothing has moved. */
EARLY static void describe_stack(char **argv, char **envp, struct prctl_mm_map *map)
{
	volatile char *end = argv[0];

	for (char **word = argv; *word; word++)
		end = *word;
	for (char **word = envp; *word; word++)
		end = *word;
	while (*end++)
		;
	map->arg_start = (uintptr_t)argv[0];
	map->arg_end = map->env_start = (uintptr_t)(envp[0] ? envp[0] : end);
	map->env_end = (uintptr_t)end;
	map->start_stack = (uintptr_t)(argv - 1);
	map->start_brk = map->brk = (uintptr_t)call(SYS_brk, 0, 0, 0, 0, 0);
	map->auxv = NULL;
	map->auxv_size = 0;
}

/*
 * prctl(2), PR_SET_MM_MAP: the executable can be another when nothing of the old one is mapped; wants CAP_CHECKPOINT_RESTORE
 * or CAP_SYS_ADMIN, and a kernel with CONFIG_CHECKPOINT_RESTORE. Half of it done is no harm: it's the same program. A mapping that
 * fails leaves a hole before Linux 6.12; the writable one, which alone can fail for want of memory, isn't needed here. Before
 * Linux 5.15 the host may write to the binary while such a process runs; a guest never may, the mount is read-only.
 */
EARLY static long replace_executable(int fd, char **argv, char **envp, unsigned long page)
{
	const ElfW(Phdr) *ph = (const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
	UNTOUCHED struct prctl_mm_map map;
	long r;

	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
#if defined(__aarch64__)
		/* Its text may have to be mapped with PROT_BTI, which the kernel knows (binfmt_elf.c). */
		if (ph[i].p_type == PT_GNU_PROPERTY)
			return -ENOTSUP;
#endif
		if (ph[i].p_type != PT_LOAD)
			continue;
		r = map_segment(&ph[i], fd, page);
		if (r < 0)
			return r;
		describe_segment(&ph[i], &map);
	}
	describe_stack(argv, envp, &map);
	map.exe_fd = (uint32_t)fd;
	return call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof(map), 0);
}

EARLY static unsigned long page_size(char **envp)
{
	const ElfW(auxv_t) * aux;

	while (*envp)
		envp++;
	for (aux = (const void *)(envp + 1); aux->a_type != AT_NULL; aux++)
		if (aux->a_type == AT_PAGESZ)
			return aux->a_un.a_val;
	return 4096;
}

/* Both are the lowest free numbers; a caller's descriptor may lie between. */
EARLY static void close_both(int mount_fd, int fd)
{
	if (fd == mount_fd + 1 && call(SYS_close_range, mount_fd, fd, 0, 0, 0) == 0)
		return;
	(void)call(SYS_close, mount_fd, 0, 0, 0, 0);
	if (fd >= 0)
		(void)call(SYS_close, fd, 0, 0, 0, 0);
}

/* Is the program on a read-only mount now? If not, main tries again, and tells of errors. */
EARLY static bool seal(char **argv, char **envp)
{
	int mount_fd = clone_read_only(), fd;
	bool is_sealed;

	if (mount_fd < 0)
		return false;
	fd = open_file(mount_fd);
	is_sealed = (fd >= 0 && replace_executable(fd, argv, envp, page_size(envp)) == 0) ||
		    is_read_only() > 0;
	if (!is_sealed)
		(void)execute(mount_fd, argv, envp);
	close_both(mount_fd, fd);
	return is_sealed;
}

/* With the kernel's stack of a new program: argc, argv, NULL, envp (System V ABI, "Process Initialization"). */
EARLY __attribute__((used)) static void enter_early(long *stack)
{
	static const char run[] = "run", create[] = "create", exec[] = "exec";
	char **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1;

	/* Which word is the verb is for main to find. */
	for (char **word = argv; *word; word++) {
		if (!same(*word, run) && !same(*word, create) && !same(*word, exec))
			continue;
		is_protected = seal(argv, envp);
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

/* Returns when there is nothing to do, or not possible. */
static int run_sealed(struct cli *cli)
{
	int r = is_read_only();
	_cleanup_close_ int fd = -EBADF;

	if (r != 0)
		return r < 0 ? r : 0;
	fd = clone_read_only();
	return fd < 0 ? fd : execute(fd, cli->argv, environ);
}

int cli_protect_self(struct cli *cli, int preserve_fds, struct wabe_error *err)
{
	int r;

	if (is_protected)
		return 0;
	/* They are close-on-exec since the beginning of main. */
	for (int i = 3; i < 3 + preserve_fds; i++)
		if (fcntl(i, F_SETFD, 0) < 0)
			return wabe_error_set(err, -errno, "pass descriptor %d", i);
	r = run_sealed(cli);
	/* Not ours to clone, or not mounted here: a memfd, another mount namespace. */
	if (r == -EPERM || r == -EINVAL)
		r = cli_protect_copy(cli, err);
	else if (r < 0)
		(void)wabe_error_set(err, r, "run again from a read-only mount");
	if (r < 0)
		return r;
	for (int i = 3; i < 3 + preserve_fds; i++)
		(void)fcntl(i, F_SETFD, FD_CLOEXEC);
	return 0;
}
