// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzlist_crew: many guests looked at by a few threads, and taken in order by the caller's; see vzlist.h.
 *
 * Who looks is limited by the kernel's lookups of files, five of a guest, and not by any lock of ours: threads help as far as
 * there are processors. They have descriptors of their own (unshare(2)), because a table that several share is locked at every
 * open, read and close.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cmd/vzlist.h"

#define HELPERS_MAX 3
#define GUESTS_A_HELPER 100 /* below that they would cost what they save: 0.1 ms to start one */
#define SLOTS 16	    /* looked at and not yet taken; each is 40 KB */

struct slot {
	struct vzlist_guest *guest; /* the taker's to replace while nobody looks at it */
	bool is_done, is_wanted;
};

struct crew {
	const struct vzlist_round *round;
	struct slot slots[SLOTS];
	size_t slot_count;
	pthread_mutex_t lock;  /* of all that follows, and of is_done */
	pthread_cond_t change; /* the next one to be taken is done, or there is room again */
	size_t next;	       /* to be looked at */
	size_t end;	       /* nobody looks from there on */
	size_t taken;
};

static bool has_work(const struct crew *crew)
{
	return crew->next < crew->end && crew->next < crew->taken + crew->slot_count;
}

/* With the lock held, which is not while it looks. */
static void look_at_next(struct crew *crew)
{
	size_t index = crew->next++;
	struct slot *slot = &crew->slots[index % crew->slot_count];

	pthread_mutex_unlock(&crew->lock);
	slot->is_wanted = crew->round->look(crew->round->data, index, slot->guest);
	pthread_mutex_lock(&crew->lock);
	slot->is_done = true;
	if (index == crew->taken)
		pthread_cond_broadcast(&crew->change);
}

static void *help(void *data)
{
	struct crew *crew = data;

	(void)unshare(CLONE_FILES);
	pthread_mutex_lock(&crew->lock);
	while (crew->next < crew->end) {
		if (has_work(crew))
			look_at_next(crew);
		else
			pthread_cond_wait(&crew->change, &crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* Give one to the taker, and its slot another guest if that is kept. */
static int take(struct crew *crew, struct slot *slot)
{
	const struct vzlist_round *round = crew->round;

	if (slot->is_wanted && round->take(round->taker, slot->guest))
		slot->guest = wabe_arena_alloc(round->arena, sizeof(*slot->guest));
	else if (slot->is_wanted)
		vzlist_drop(slot->guest);
	return slot->guest ? 0 : -ENOMEM;
}

/* The caller's part: take what is done in order, else look as the others do. */
static int work(struct crew *crew)
{
	int r = 0;

	pthread_mutex_lock(&crew->lock);
	while (crew->taken < crew->end) {
		struct slot *slot = &crew->slots[crew->taken % crew->slot_count];

		if (slot->is_done) {
			pthread_mutex_unlock(&crew->lock);
			r = take(crew, slot);
			pthread_mutex_lock(&crew->lock);
			slot->is_done = false;
			crew->taken++;
			if (r < 0)
				break;
			pthread_cond_broadcast(&crew->change);
		} else if (has_work(crew)) {
			look_at_next(crew);
		} else {
			pthread_cond_wait(&crew->change, &crew->lock);
		}
	}
	crew->end = crew->next; /* it is already, unless memory ran out */
	pthread_cond_broadcast(&crew->change);
	pthread_mutex_unlock(&crew->lock);
	return r;
}

static size_t helpers_wanted(const struct vzlist_round *round)
{
	size_t want = round->is_alone ? 0 : round->count / GUESTS_A_HELPER;
	cpu_set_t cpus;

	if (want == 0 || sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 0;
	want = want < HELPERS_MAX ? want : HELPERS_MAX;
	return want < (size_t)CPU_COUNT(&cpus) ? want : (size_t)CPU_COUNT(&cpus) - 1;
}

static int fill_slots(struct crew *crew, size_t helpers)
{
	crew->slot_count = helpers ? SLOTS : 1;
	for (size_t i = 0; i < crew->slot_count; i++) {
		crew->slots[i].guest =
			wabe_arena_alloc(crew->round->arena, sizeof(struct vzlist_guest));
		if (!crew->slots[i].guest)
			return -ENOMEM;
	}
	return 0;
}

/* What was looked at for nobody, when memory ran out. */
static void drop_rest(struct crew *crew)
{
	for (size_t i = 0; i < crew->slot_count; i++)
		if (crew->slots[i].is_done && crew->slots[i].is_wanted)
			vzlist_drop(crew->slots[i].guest);
}

int vzlist_go_round(const struct vzlist_round *round)
{
	struct crew crew = { .round = round,
			     .end = round->count,
			     .lock = PTHREAD_MUTEX_INITIALIZER,
			     .change = PTHREAD_COND_INITIALIZER };
	size_t helpers = helpers_wanted(round), started = 0;
	pthread_t threads[HELPERS_MAX];
	int r = fill_slots(&crew, helpers);

	if (r < 0)
		return r;
	/* One that can't be had is missed by nobody. */
	while (started < helpers && pthread_create(&threads[started], NULL, help, &crew) == 0)
		started++;
	r = work(&crew);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	drop_rest(&crew);
	return r;
}
