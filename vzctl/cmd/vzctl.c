// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzctl: words to verbs, errors to exit codes; see vzctl.h. */
#include "cmd/vzctl.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/cmd.h"

struct verb {
	const char *name;
	vz_cmd_fn *run;
	const char *words;
	const char *help;
	vz_cmd_fn *run_host; /* what it does without a guest; NULL: it needs one */
};

#define LATER "(a later version) "

static const struct verb verbs[] = {
	{ "create", vz_cmd_create, "[--ostemplate NAME] [--config SAMPLE] [option...]",
	  "make a container" },
	{ "clone", vz_cmd_clone, "NEW [--hostname NAME] [--ipadd ADDR] [option...]",
	  "make a copy of a container, with an identity of its own" },
	{ "reinstall", vz_cmd_reinstall, "[--ostemplate NAME] [--force]",
	  "make its files anew from the template; its configuration stays" },
	{ "destroy", vz_cmd_destroy, "", "remove a container and its files" },
	{ "delete", vz_cmd_destroy, "", "the same" },
	{ "start", vz_cmd_start, "[--wait] [--force] [--skip-fsck] [--skip-remount]",
	  "start a container" },
	{ "stop", vz_cmd_stop, "[--fast] [--skip-umount]", "halt a container, or kill it" },
	{ "restart", vz_cmd_restart,
	  "[--wait] [--force] [--fast] [--skip-fsck] [--skip-remount] [--skip-umount]",
	  "stop, then start" },
	{ "status", vz_cmd_status, "", "show its status in one line" },
	{ "mount", vz_cmd_mount, "", "mount the root of a stopped container" },
	{ "umount", vz_cmd_umount, "", "unmount it" },
	{ "set", vz_cmd_set,
	  "[--save] [--setmode restart|ignore] [--applyconfig SAMPLE] [--applyconfig_map name] "
	  "[--reset_ub] [--force] [option...]",
	  "change parameters" },
	{ "convert", vz_cmd_convert, "--layout NAME", "give a stopped container another layout" },
	{ "compact", vz_cmd_compact, "", "give what is free in its image back to the host" },
	{ "quotaon", vz_cmd_quotaon, "", "put the limits of disk space and inodes in force" },
	{ "quotaoff", vz_cmd_quotaoff, "", "take them away until the next start" },
	{ "quotainit", vz_cmd_quotainit, "", "count what the container uses anew" },
	{ "ugidquota", vz_cmd_ugidquota, "[user|group ID SPACE INODES]",
	  "show or set the quota of its users and groups" },
	{ "exec", vz_cmd_exec, "COMMAND [ARG...] | -",
	  "run a command inside; exit code 8 when it fails" },
	{ "exec2", vz_cmd_exec2, "COMMAND [ARG...] | -",
	  "the same, with the command's own exit code" },
	{ "enter", vz_cmd_enter, "[--exec COMMAND [ARG...]]", "a root shell inside" },
	{ "verify", vz_cmd_verify, "",
	  "try each limit of a running container, and show what holds" },
	{ "runscript", vz_cmd_runscript, "FILE",
	  "run a shell script of the host inside, running or not" },
	{ "console", vz_cmd_console, "[TTY]",
	  "look at a terminal of the container; Esc . leaves it, Esc ! kills what runs there" },
	{ "recover", vz_cmd_recover, "",
	  "repair what a crash or a killed command left; without CTID: of all containers",
	  vz_cmd_recover_all },
	{ "boot", NULL, "",
	  "(no CTID) start containers with ONBOOT=yes, and those that ran when the host crashed",
	  vz_cmd_boot },
	{ "shutdown", NULL, "[--fast]", "(no CTID) stop all running containers", vz_cmd_shutdown },
	{ "suspend", vz_cmd_suspend, "[--dumpfile FILE] [--suspend] [--dump] [--kill] [--resume]",
	  LATER "save its processes to a file, and stop it" },
	{ "chkpnt", vz_cmd_suspend, "[--dumpfile FILE] [--suspend] [--dump] [--kill] [--resume]",
	  LATER "the same" },
	{ "resume", vz_cmd_resume, "[--dumpfile FILE]", LATER "start it from such a file" },
	{ "restore", vz_cmd_resume, "[--dumpfile FILE]", LATER "the same" },
	{ "snapshot", vz_cmd_snapshot,
	  "[--id UUID] [--name NAME] [--description TEXT] [--skip-suspend] [--skip-config]",
	  LATER "keep the state that its files have" },
	{ "snapshot-switch", vz_cmd_snapshot_switch,
	  "--id UUID [--skip-resume | --must-resume] [--skip-config]",
	  LATER "go back to a snapshot" },
	{ "snapshot-delete", vz_cmd_snapshot_delete, "--id UUID", LATER "remove a snapshot" },
	{ "snapshot-mount", vz_cmd_snapshot_mount, "--id UUID --target DIRECTORY",
	  LATER "mount a snapshot" },
	{ "snapshot-umount", vz_cmd_snapshot_umount, "--id UUID", LATER "unmount it" },
	{ "snapshot-list", vz_cmd_snapshot_list,
	  "[--no-header] [--output FIELD[,FIELD...]] [--list] [--id UUID]",
	  LATER "list its snapshots" },
};

static const struct wabe_option options[] = {
	{ "config", 0, WABE_OPTION_STRING, offsetof(struct vz_cli, config), "FILE",
	  "vz.conf to use (or VZ_CONF)" },
	{ "quiet", 'q', WABE_OPTION_FLAG, offsetof(struct vz_cli, is_quiet), NULL,
	  "print only errors and warnings" },
	{ "verbose", 'v', WABE_OPTION_COUNT, offsetof(struct vz_cli, verbosity), NULL,
	  "print more; may be repeated" },
	{ "list-params", 0, WABE_OPTION_FLAG, offsetof(struct vz_cli, is_listing_params), NULL,
	  "print the table of parameters, for programs" },
	{ "help", 'h', WABE_OPTION_FLAG, offsetof(struct vz_cli, is_help), NULL, "show this" },
	{ "version", 0, WABE_OPTION_FLAG, offsetof(struct vz_cli, is_version), NULL,
	  "show the version" },
};

/* OpenVZ's began with its version, too, and libvirt reads that from there. */
static void usage(FILE *out)
{
	fputs("vzctl version " WABE_VERSION
	      "\n\nusage: vzctl [option...] verb CTID|NAME [word...]\n\nVerbs:\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-15s %s\n                  %s\n", verbs[i].name, verbs[i].words,
			verbs[i].help);
	fputs("\nOptions:\n", out);
	wabe_option_help(out, options, ARRAY_SIZE(options));
	fputs("\nParameters of create:\n", out);
	vz_param_help(out, VZ_PARAM_CREATE);
	fputs("\nParameters of set:\n", out);
	vz_param_help(out, VZ_PARAM_SET);
}

static void verb_usage(FILE *out, const struct verb *verb)
{
	const unsigned int takes = verb->run == vz_cmd_create || verb->run == vz_cmd_clone
					   ? VZ_PARAM_CREATE
				   : verb->run == vz_cmd_set ? VZ_PARAM_SET
							     : 0;

	fprintf(out, "usage: vzctl [option...] %s%s%s%s\n\n%s\n", verb->name,
		!verb->run	 ? ""
		: verb->run_host ? " [CTID|NAME]"
				 : " CTID|NAME",
		*verb->words ? " " : "", verb->words, verb->help);
	if (!takes)
		return;
	fputs("\nParameters:\n", out);
	vz_param_help(out, takes);
}

int vz_cmd_options(struct vz_cli *cli, const struct wabe_option *table, size_t count, void *values,
		   int argc, char **argv, struct wabe_error *err)
{
	int r = wabe_option_parse(table, count, values, &cli->arena, argc, argv, err);

	if (r < 0)
		return wabe_error_kind(err, VZ_EXIT_BAD_OPTION);
	if (r < argc)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				    argv[r]);
	return 0;
}

void vz_cmd_drop_own_number(const struct vz_guest *g, int argc, char **argv)
{
	static const char option[] = "--name=";

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--name") == 0 && i + 1 < argc &&
		    strcmp(argv[i + 1], g->id) == 0)
			argv[i + 1] = (char *)"";
		else if (wabe_str_starts(argv[i], option) &&
			 strcmp(argv[i] + sizeof(option) - 1, g->id) == 0)
			argv[i] = (char *)option;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int run_on_guest(struct vz_cli *cli, const struct verb *verb, int argc, char **argv,
			struct wabe_error *err)
{
	struct vz_guest g;
	int r = vz_guest_open(&cli->host, &cli->report, argv[0], &g, err);

	if (r >= 0)
		snprintf(cli->id, sizeof(cli->id), "%s", g.id);
	wabe_log(&cli->log, WABE_LOG_INFO, "%s", verb->name);
	if (r < 0) {
		vz_report_error(cli, NULL, err);
		return r;
	}
	r = verb->run(cli, &g, argc, argv, err);
	if (r < 0)
		vz_report_error(cli, &g, err);
	vz_guest_close(&g);
	return r;
}

static bool is_for_host(const struct verb *verb, int argc, char **argv)
{
	return verb && verb->run_host && (!verb->run || argc < 2 || argv[1][0] == '-');
}

/* Its words begin behind the verb, as a guest's behind the guest. */
static int run_on_host(struct vz_cli *cli, const struct verb *verb, int argc, char **argv,
		       struct wabe_error *err)
{
	int r;

	wabe_log(&cli->log, WABE_LOG_INFO, "%s", verb->name);
	r = verb->run_host(cli, NULL, argc, argv, err);
	if (r < 0)
		vz_report_error(cli, NULL, err);
	return r;
}

static int run_verb(struct vz_cli *cli, int argc, char **argv, struct wabe_error *err)
{
	const struct verb *verb = argc > 0 ? find_verb(argv[0]) : NULL;
	int r = 0;

	if (argc == 0)
		r = vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				 "a verb is missing (vzctl --help)");
	else if (!verb)
		r = vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "Bad command: %s (vzctl --help)",
				 argv[0]);
	else if (argc < 2 && !is_for_host(verb, argc, argv))
		r = vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL, "CTID is not given");
	else if (geteuid() != 0)
		r = vz_error_say(err, VZ_EXIT_PERMISSION, -EPERM,
				 "only root may control containers");
	else
		r = vz_host_load(cli->config, &cli->log, &cli->host, err);
	if (r < 0) {
		vz_report_error(cli, NULL, err);
		return r;
	}
	cli->host.argv = cli->argv;
	cli->word = is_for_host(verb, argc, argv) ? NULL : argv[1];
	vz_report_open(cli);
	r = cli->word ? run_on_guest(cli, verb, argc - 1, argv + 1, err)
		      : run_on_host(cli, verb, argc, argv, err);
	wabe_log(&cli->log, WABE_LOG_INFO, "%s: exit code %d", verb->name,
		 r < 0 ? vz_exit_code(err) : r);
	vz_report_close(cli);
	vz_host_free(&cli->host);
	return r;
}

static int run(struct vz_cli *cli, int argc, char **argv, struct wabe_error *err)
{
	int at = wabe_option_parse(options, ARRAY_SIZE(options), cli, &cli->arena, argc, argv, err);

	if (at < 0) {
		wabe_error_kind(err, VZ_EXIT_BAD_OPTION);
		vz_report_error(cli, NULL, err);
		return at;
	}
	if (cli->verbosity > 0)
		cli->log.level = cli->verbosity > 1 ? WABE_LOG_DEBUG : WABE_LOG_INFO;
	if (cli->is_help)
		usage(stdout);
	else if (cli->is_version)
		puts("vzctl version " WABE_VERSION);
	else if (cli->is_listing_params)
		vz_param_print_table(stdout);
	else if (argc - at > 1 && strcmp(argv[at + 1], "--help") == 0 && find_verb(argv[at]))
		verb_usage(stdout, find_verb(argv[at]));
	else
		return run_verb(cli, argc - at, argv + at, err);
	return VZ_EXIT_OK;
}

static void survive(int signal)
{
	(void)signal;
}

/*
 * Who reads our output may leave, and a file may not grow any more (ulimit -f): a verb half done would be worse than lines
 * that nobody reads. What the caller ignores (nohup, a shell's background) we survive as well. By a handler: what is ignored
 * would be ignored in the guest and in its scripts, too (execve(2)).
 */
static void survive_signals(void)
{
	static const int ours[] = { SIGPIPE, SIGXFSZ };
	static const int callers[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM
	};
	const struct sigaction action = { .sa_handler = survive, .sa_flags = SA_RESTART };
	struct sigaction old;

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigaction(ours[i], &action, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		if (sigaction(callers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			sigaction(callers[i], &action, NULL);
	/* Ignored, it would let no child be waited for. */
	signal(SIGCHLD, SIG_DFL);
}

/* Of a pipe or socket. The write that failed may have been long ago, so that errno doesn't tell. */
static bool is_reader_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int vz_vzctl_main(int argc, char **argv)
{
	struct vz_cli cli = {
		.log = { .program = "vzctl", .level = WABE_LOG_WARNING, .fd = -EBADF },
		.logfile_fd = -EBADF,
		.argv = argv,
	};
	struct wabe_error err = WABE_ERROR_INIT;
	int r;

	survive_signals();
	r = run(&cli, argc, argv, &err);
	/* A reader that has had enough is no error of anybody's, least of all the verb's, which is done. */
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)) && !is_reader_gone()) {
		wabe_log(&cli.log, WABE_LOG_ERROR, "write to standard output: %s", strerror(errno));
		r = VZ_EXIT_IO;
	}
	wabe_arena_free(&cli.arena);
	return r < 0 ? vz_exit_code(&err) : r;
}
