// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vztmpl_progress: the progress bar; see vztmpl.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cmd/vztmpl.h"

#define LINE_STEP 10 /* per cent between two lines when standard error is no terminal */

static void clear_bar(struct vztmpl_progress *p)
{
	if (p->is_bar_shown)
		fputs("\r\033[K", stderr);
	p->is_bar_shown = false;
}

/* A recipe's or an archive's text must not move the cursor. */
static void print_clean(const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
}

static void draw_bar(struct vztmpl_progress *p, int percent, const char *text)
{
	char bar[VZTMPL_WIDTH + 1];
	int full = percent < 0 ? 0 : percent * VZTMPL_WIDTH / 100;

	memset(bar, '-', VZTMPL_WIDTH);
	memset(bar, '#', (size_t)full);
	bar[VZTMPL_WIDTH] = '\0';
	clear_bar(p);
	if (percent < 0)
		fprintf(stderr, "%s: ", p->name);
	else
		fprintf(stderr, "%s: [%s] %3d%% ", p->name, bar, percent);
	print_clean(text);
	p->is_bar_shown = true;
}

static void on_progress(void *data, int percent, const char *text)
{
	struct vztmpl_progress *p = data;

	if (p->is_quiet)
		return;
	if (p->is_terminal) {
		draw_bar(p, percent, text);
		return;
	}
	if (percent < 0 || (percent < p->last_percent + LINE_STEP && percent < 100))
		return;
	p->last_percent = percent;
	fprintf(stderr, "%s: %d%% ", p->name, percent);
	print_clean(text);
	fputc('\n', stderr);
}

static void on_line(void *data, const char *text)
{
	struct vztmpl_progress *p = data;
	char **slot = &p->tail[p->tail_count++ % VZTMPL_TAIL];

	free(*slot);
	*slot = strdup(text);
	if (!p->is_verbose)
		return;
	clear_bar(p);
	print_clean(text);
	fputc('\n', stderr);
}

static int open_signals(struct wabe_error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
		int r = wabe_error_set(err, -errno, "take signals");

		wabe_cleanup_close(&fd);
		return r;
	}
	return fd;
}

int vztmpl_progress_begin(struct vztmpl_progress *p, const struct vztmpl *t, const char *name,
			  struct wabe_error *err)
{
	int fd = open_signals(err);

	if (fd < 0)
		return fd;
	*p = (struct vztmpl_progress){
		.name = name,
		.is_quiet = t->is_quiet,
		.is_verbose = t->verbosity > 0,
		.is_terminal = isatty(STDERR_FILENO) == 1,
		.last_percent = -LINE_STEP,
		.watch = { .progress = on_progress, .line = on_line, .data = p, .cancel_fd = fd },
	};
	return 0;
}

void vztmpl_progress_end(struct vztmpl_progress *p, bool is_failed)
{
	clear_bar(p);
	for (size_t i = 0; i < VZTMPL_TAIL; i++) {
		char *line = p->tail[(p->tail_count + i) % VZTMPL_TAIL];

		if (is_failed && !p->is_verbose && line) {
			fputs("  | ", stderr);
			print_clean(line);
			fputc('\n', stderr);
		}
		free(line);
	}
	wabe_cleanup_close(&p->watch.cancel_fd);
}
