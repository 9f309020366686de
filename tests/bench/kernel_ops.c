// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Process 1 of the machine of tests/bench/kernel: counts the instructions of a few operations, and powers off.
 *
 *     kernel_ops STATE        what the kernel's command line has behind "--"
 *
 * STATE says in which cgroup, and what of the controller ctx there is; memory and pids are in all but the root:
 *     none       /host/guest, and nothing of ctx, for a kernel that doesn't have it, too
 *     root       the root, and nothing of ctx either
 *     beside     the root; another cgroup is a context
 *     counted    /host/guest, which has no ctx; /host has, but is no context; another cgroup is one
 *     context    /host/guest, a context
 *     limits     the same, and all of its resources have limits
 *     deep       two cgroups below that, each with ctx
 *
 * Under -icount shift=0 the emulator's time stamp counter goes up by one an instruction of guest and kernel together, on the only
 * processor, interrupts and what the kernel does later included. One line an operation, "count NAME MEDIAN LEAST MOST", is of
 * BATCHES batches and for one operation; any other line is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCHES 61
#define WARM_BATCHES 4
#define BATCH 50 /* operations */
#define CGROUPS "/sys/fs/cgroup"
#define HOST CGROUPS "/host"
#define GUEST HOST "/guest"

static _Noreturn void end(void)
{
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	printf("error: ");
	vprintf(format, args);
	printf(": %s\n", strerror(saved));
	va_end(args);
	end();
}

static uint64_t instructions(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Is it instructions that the counter counts? 2 a turn. */
static void check_counter(void)
{
	uint64_t turns = 100000, left = turns, before = instructions(), took;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(left) : : "cc");
	took = instructions() - before;
	/* a tick may come in between */
	if (took < 2 * turns || took > 2 * turns + 20000)
		fail("%llu instructions counted where %llu are", (unsigned long long)took,
		     2ULL * turns);
}

static void fork_exit(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		fail("fork");
}

static void open_close(void)
{
	int fd = open("/init", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || close(fd) < 0)
		fail("open");
}

static void socket_close(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || close(fd) < 0)
		fail("socket");
}

static void tcp_close(void)
{
	socket_close(AF_INET);
}

static void unix_close(void)
{
	socket_close(AF_UNIX);
}

static void lock_unlock(void)
{
	static int fd = -1;
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };

	if (fd < 0)
		fd = open("/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fcntl(fd, F_SETLK, &lock) < 0)
		fail("lock");
	lock.l_type = F_UNLCK;
	if (fcntl(fd, F_SETLK, &lock) < 0)
		fail("unlock");
}

/* The kernel frees a pair by a worker, which has to get the processor. */
static void pty_close(void)
{
	int fd = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || close(fd) < 0)
		fail("pty");
	sched_yield();
}

static void signal_wait(void)
{
	union sigval value = { .sival_int = 1 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	if (sigqueue(getpid(), SIGRTMIN, value) < 0 || sigwaitinfo(&set, &info) != SIGRTMIN)
		fail("signal");
}

static void block_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int compare(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

static uint64_t batch(void (*operation)(void))
{
	uint64_t before = instructions();

	for (int i = 0; i < BATCH; i++)
		operation();
	return instructions() - before;
}

static void count(const char *name, void (*operation)(void))
{
	const size_t median = BATCHES / 2;
	uint64_t took[BATCHES];

	for (int i = 0; i < WARM_BATCHES; i++)
		batch(operation);
	for (int i = 0; i < BATCHES; i++)
		took[i] = batch(operation);
	qsort(took, BATCHES, sizeof(took[0]), compare);
	printf("count %s %.1f %.1f %.1f\n", name, (double)took[median] / BATCH,
	       (double)took[0] / BATCH, (double)took[BATCHES - 1] / BATCH);
	fflush(stdout);
}

static void mount_at(const char *path, const char *type, const char *data)
{
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) || mount(type, path, type, 0, data) < 0)
		fail("mount %s on %s", type, path);
}

static void write_to(const char *directory, const char *file, const char *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("write %s to %s", text, path);
	close(fd);
}

static void make_cgroup(const char *path)
{
	if (mkdir(path, 0755) < 0)
		fail("make %s", path);
}

/* Limits that are never reached. */
static void set_limits(void)
{
	static const char text[] = "numproc 10000\nnumfile 10000\nnumtcpsock 10000\n"
				   "numothersock 10000\nnumflock 10000\nnumpty 10000\n"
				   "numsiginfo 10000\nlockedpages 10000\n";

	write_to(GUEST, "ctx.max", text);
	write_to(GUEST, "ctx.barrier", text);
}

static void make_other(void)
{
	write_to(CGROUPS, "cgroup.subtree_control", "+ctx");
	make_cgroup(CGROUPS "/other");
	write_to(CGROUPS "/other", "ctx.id", "102");
}

static void make_context(void)
{
	write_to(HOST, "cgroup.subtree_control", "+ctx");
	write_to(GUEST, "ctx.id", "101");
}

static void make_deep(void)
{
	write_to(GUEST, "cgroup.subtree_control", "+ctx +memory +pids");
	make_cgroup(GUEST "/system");
	write_to(GUEST "/system", "cgroup.subtree_control", "+ctx +memory +pids");
	make_cgroup(GUEST "/system/service");
}

/* In the order of what they need: each is made after those before it. */
static const struct state {
	const char *name, *cgroup;
	void (*make)(void);
} states[] = {
	{ "none", GUEST, NULL },
	{ "root", CGROUPS, NULL },
	{ "beside", CGROUPS, make_other },
	{ "counted", GUEST, NULL },
	{ "context", GUEST, make_context },
	{ "limits", GUEST, set_limits },
	{ "deep", GUEST "/system/service", make_deep },
};

static void enter_state(const char *name)
{
	const struct state *state = states;

	make_cgroup(HOST);
	write_to(CGROUPS, "cgroup.subtree_control", "+memory +pids");
	write_to(HOST, "cgroup.subtree_control", "+memory +pids");
	make_cgroup(GUEST);
	for (;; state++) {
		if (state == states + sizeof(states) / sizeof(states[0]))
			fail("no state %s", name);
		if (state->make != NULL)
			state->make();
		if (strcmp(state->name, name) == 0)
			break;
	}
	write_to(state->cgroup, "cgroup.procs", "0");
}

int main(int argc, char **argv)
{
	const char *state = argc == 2 ? argv[1] : "none";

	if (getpid() != 1) {
		fputs("kernel_ops: only as process 1 of tests/bench/kernel's machine\n", stderr);
		return 2;
	}
	mount_at("/proc", "proc", NULL);
	mount_at("/sys", "sysfs", NULL);
	mount_at(CGROUPS, "cgroup2", NULL);
	mount_at("/dev/pts", "devpts", "ptmxmode=0666");
	enter_state(state);
	block_signal();
	check_counter();
	count("fork+exit", fork_exit);
	count("open+close", open_close);
	count("tcp+close", tcp_close);
	count("unix+close", unix_close);
	count("lock+unlock", lock_unlock);
	count("pty+close", pty_close);
	count("sigqueue+wait", signal_wait);
	printf("done %s\n", state);
	end();
}
