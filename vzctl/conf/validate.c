// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/validate: do a guest's limits fit together? See validate.h. */
#include "conf/validate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

#define TEXT_MAX 256
#define KIB 1024u

struct check {
	struct vz_params *p;
	vz_validate_fn *found;
	void *data;
	struct wabe_error *err;
	int left; /* errors and warnings that stay */
};

const char *vz_severity_name(enum vz_severity severity)
{
	static const char *const names[VZ_SEVERITY_MAX] = {
		[VZ_SEVERITY_ERROR] = "Error",
		[VZ_SEVERITY_WARNING] = "Warning",
		[VZ_SEVERITY_RECOMMENDATION] = "Recommendation",
	};

	return names[severity];
}

static bool has(const struct check *c, enum vz_param_id id)
{
	return vz_param_has(c->p, id);
}

static struct vz_pair pair_of(const struct check *c, enum vz_param_id id)
{
	return vz_param_pair(c->p, id);
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) || sum > VZ_UNLIMITED ? VZ_UNLIMITED : sum;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) || product > VZ_UNLIMITED ? VZ_UNLIMITED
										: product;
}

static void print_number(uint64_t number, char *buf, size_t room)
{
	if (number == VZ_UNLIMITED)
		snprintf(buf, room, "unlimited");
	else
		snprintf(buf, room, "%llu", (unsigned long long)number);
}

static int apply(struct check *c, enum vz_param_id id, struct vz_pair fix)
{
	char barrier[24], limit[24], text[64];

	print_number(fix.barrier, barrier, sizeof(barrier));
	print_number(fix.limit, limit, sizeof(limit));
	snprintf(text, sizeof(text), "%s:%s", barrier, limit);
	return vz_params_set(c->p, id, text, c->err);
}

/* One finding. @fix: NULL when there is no remedy that a program could choose. */
__attribute__((format(printf, 5, 6))) static int say(struct check *c, enum vz_severity severity,
						     enum vz_param_id id, const struct vz_pair *fix,
						     const char *fmt, ...)
{
	struct vz_finding finding = { .severity = severity, .id = id, .has_fix = fix != NULL };
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	finding.text = text;
	if (fix)
		finding.fix = *fix;
	if (c->found(c->data, &finding) && fix)
		return apply(c, id, *fix);
	if (severity != VZ_SEVERITY_RECOMMENDATION)
		c->left++;
	return 0;
}

static const char *name_of(enum vz_param_id id)
{
	return vz_param_row(id)->option;
}

/* What the classic rules can't do without. */
static const enum vz_param_id classic_required[] = {
	VZ_PARAM_NUMPROC,      VZ_PARAM_NUMTCPSOCK,  VZ_PARAM_NUMOTHERSOCK, VZ_PARAM_OOMGUARPAGES,
	VZ_PARAM_VMGUARPAGES,  VZ_PARAM_KMEMSIZE,    VZ_PARAM_TCPSNDBUF,    VZ_PARAM_TCPRCVBUF,
	VZ_PARAM_OTHERSOCKBUF, VZ_PARAM_DGRAMRCVBUF, VZ_PARAM_PRIVVMPAGES,  VZ_PARAM_NUMFILE,
	VZ_PARAM_DCACHESIZE,   VZ_PARAM_PHYSPAGES,   VZ_PARAM_NUMPTY,	    VZ_PARAM_LOCKEDPAGES,
	VZ_PARAM_SHMPAGES,     VZ_PARAM_NUMFLOCK,    VZ_PARAM_NUMSIGINFO,   VZ_PARAM_NUMIPTENT,
	VZ_PARAM_DISKSPACE,    VZ_PARAM_DISKINODES,
};

/* Counters whose limit has no room above the barrier. */
static const enum vz_param_id classic_equal[] = {
	VZ_PARAM_NUMPROC, VZ_PARAM_NUMTCPSOCK, VZ_PARAM_NUMOTHERSOCK, VZ_PARAM_SHMPAGES,
	VZ_PARAM_NUMFILE, VZ_PARAM_NUMPTY,     VZ_PARAM_NUMSIGINFO,   VZ_PARAM_NUMIPTENT,
};

/* Guarantees: the barrier is what counts. */
static const enum vz_param_id classic_open[] = {
	VZ_PARAM_VMGUARPAGES,
	VZ_PARAM_OOMGUARPAGES,
	VZ_PARAM_PHYSPAGES,
};

static int check_required(struct check *c)
{
	int missing = 0;

	for (size_t i = 0; i < ARRAY_SIZE(classic_required); i++) {
		if (has(c, classic_required[i]))
			continue;
		missing++;
		if (say(c, VZ_SEVERITY_ERROR, classic_required[i], NULL, "parameter %s not found",
			name_of(classic_required[i])) < 0)
			return -ENOMEM;
	}
	return missing;
}

static int check_equal(struct check *c, enum vz_severity severity, enum vz_param_id id)
{
	struct vz_pair have = pair_of(c, id);
	char barrier[24], limit[24];

	if (!has(c, id) || have.barrier == have.limit)
		return 0;
	print_number(have.barrier, barrier, sizeof(barrier));
	print_number(have.limit, limit, sizeof(limit));
	return say(c, severity, id, &(struct vz_pair){ have.limit, have.limit },
		   "barrier should be equal to limit for %s (currently, %s:%s)", name_of(id),
		   barrier, limit);
}

static int check_open(struct check *c, enum vz_param_id id)
{
	struct vz_pair have = pair_of(c, id);

	if (have.limit == VZ_UNLIMITED)
		return 0;
	return say(c, VZ_SEVERITY_ERROR, id, &(struct vz_pair){ have.barrier, VZ_UNLIMITED },
		   "limit should be unlimited for %s (currently, %llu)", name_of(id),
		   (unsigned long long)have.limit);
}

static int check_zero_barrier(struct check *c, enum vz_severity severity, enum vz_param_id id)
{
	struct vz_pair have = pair_of(c, id);

	if (!has(c, id) || have.barrier == 0 || have.barrier == VZ_UNLIMITED)
		return 0;
	return say(c, severity, id, &(struct vz_pair){ 0, have.limit },
		   "barrier should be = 0 for %s (currently, %llu)", name_of(id),
		   (unsigned long long)have.barrier);
}

/* The barrier has to be @least; the limit keeps its distance. */
static int check_barrier(struct check *c, enum vz_severity severity, enum vz_param_id id,
			 uint64_t least)
{
	struct vz_pair have = pair_of(c, id), fix;

	if (have.barrier >= least)
		return 0;
	fix = (struct vz_pair){ least, plus(have.limit, least - have.barrier) };
	return say(c, severity, id, &fix, "%s.bar should be > %llu (currently, %llu)", name_of(id),
		   (unsigned long long)least, (unsigned long long)have.barrier);
}

/* The limit has to be @distance above the barrier. */
static int check_distance(struct check *c, enum vz_severity severity, enum vz_param_id id,
			  uint64_t distance)
{
	struct vz_pair have = pair_of(c, id);

	if (have.limit == VZ_UNLIMITED || have.limit - have.barrier >= distance)
		return 0;
	return say(c, severity, id, &(struct vz_pair){ have.barrier, plus(have.barrier, distance) },
		   "%s.lim-%s.bar should be > %llu (currently, %llu)", name_of(id), name_of(id),
		   (unsigned long long)distance, (unsigned long long)(have.limit - have.barrier));
}

/* Buffers for sockets: some are enough, more are better. */
static int check_buffer(struct check *c, enum vz_param_id id)
{
	if (pair_of(c, id).barrier < 32 * KIB)
		return check_barrier(c, VZ_SEVERITY_WARNING, id, 32 * KIB);
	return check_barrier(c, VZ_SEVERITY_RECOMMENDATION, id, 129 * KIB);
}

static int check_dcache(struct check *c)
{
	uint64_t least = times(pair_of(c, VZ_PARAM_NUMFILE).barrier, 384);
	struct vz_pair have = pair_of(c, VZ_PARAM_DCACHESIZE);

	if (have.limit >= least)
		return 0;
	return say(c, VZ_SEVERITY_WARNING, VZ_PARAM_DCACHESIZE,
		   &(struct vz_pair){ have.barrier, least },
		   "dcachesize.lim should be > %llu (currently, %llu)", (unsigned long long)least,
		   (unsigned long long)have.limit);
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* 2.5 KB a socket. */
static uint64_t buffers_of(const struct check *c, enum vz_param_id sockets)
{
	return times(pair_of(c, sockets).barrier, 2560);
}

static int check_formulas(struct check *c)
{
	uint64_t processes = pair_of(c, VZ_PARAM_NUMPROC).barrier / 2; /* on average */
	uint64_t sockets = plus(plus(pair_of(c, VZ_PARAM_NUMTCPSOCK).barrier,
				     pair_of(c, VZ_PARAM_NUMOTHERSOCK).barrier),
				pair_of(c, VZ_PARAM_NUMPTY).barrier);
	int r = check_dcache(c);

	if (r == 0)
		r = check_barrier(c, VZ_SEVERITY_ERROR, VZ_PARAM_KMEMSIZE,
				  plus(times(processes, 40 * KIB),
				       pair_of(c, VZ_PARAM_DCACHESIZE).limit));
	if (r == 0)
		r = check_barrier(c, VZ_SEVERITY_WARNING, VZ_PARAM_PRIVVMPAGES,
				  pair_of(c, VZ_PARAM_VMGUARPAGES).barrier);
	if (r == 0)
		r = check_distance(c, VZ_SEVERITY_ERROR, VZ_PARAM_TCPSNDBUF,
				   buffers_of(c, VZ_PARAM_NUMTCPSOCK));
	if (r == 0)
		r = check_distance(c, VZ_SEVERITY_ERROR, VZ_PARAM_OTHERSOCKBUF,
				   buffers_of(c, VZ_PARAM_NUMOTHERSOCK));
	if (r == 0)
		r = check_distance(c, VZ_SEVERITY_WARNING, VZ_PARAM_TCPRCVBUF,
				   buffers_of(c, VZ_PARAM_NUMTCPSOCK));
	if (r == 0)
		r = check_barrier(c, VZ_SEVERITY_WARNING, VZ_PARAM_TCPRCVBUF, 64 * KIB);
	if (r == 0)
		r = check_barrier(c, VZ_SEVERITY_WARNING, VZ_PARAM_TCPSNDBUF, 64 * KIB);
	if (r == 0)
		r = check_buffer(c, VZ_PARAM_DGRAMRCVBUF);
	if (r == 0)
		r = check_buffer(c, VZ_PARAM_OTHERSOCKBUF);
	if (r == 0)
		r = check_barrier(c, VZ_SEVERITY_WARNING, VZ_PARAM_NUMFILE,
				  max_of(times(processes, 32), sockets));
	return r;
}

static int check_classic(struct check *c)
{
	int r = check_required(c);

	/* The rest would compare with what isn't there. */
	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(classic_equal); i++)
		r = check_equal(c, VZ_SEVERITY_ERROR, classic_equal[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(classic_open); i++)
		r = check_open(c, classic_open[i]);
	if (r == 0)
		r = check_zero_barrier(c, VZ_SEVERITY_ERROR, VZ_PARAM_PHYSPAGES);
	return r < 0 ? r : check_formulas(c);
}

/* No more can be guaranteed than there may be. */
static int check_guarantee(struct check *c, enum vz_param_id id)
{
	struct vz_pair have = pair_of(c, id);
	uint64_t most =
		plus(pair_of(c, VZ_PARAM_PHYSPAGES).limit, pair_of(c, VZ_PARAM_SWAPPAGES).limit);

	if (!has(c, id) || have.barrier == VZ_UNLIMITED || have.barrier <= most)
		return 0;
	return say(c, VZ_SEVERITY_ERROR, id, &(struct vz_pair){ most, have.limit },
		   "%s.bar is above physpages and swappages together (%llu; currently, %llu)",
		   name_of(id), (unsigned long long)most, (unsigned long long)have.barrier);
}

static int check_vswap(struct check *c)
{
	int r = check_zero_barrier(c, VZ_SEVERITY_WARNING, VZ_PARAM_PHYSPAGES);

	if (r == 0)
		r = check_zero_barrier(c, VZ_SEVERITY_WARNING, VZ_PARAM_SWAPPAGES);
	if (r == 0 && has(c, VZ_PARAM_PHYSPAGES) && !has(c, VZ_PARAM_SWAPPAGES))
		r = say(c, VZ_SEVERITY_RECOMMENDATION, VZ_PARAM_SWAPPAGES, NULL,
			"swappages is not set: swap is not limited");
	if (r == 0 && pair_of(c, VZ_PARAM_PHYSPAGES).limit == VZ_UNLIMITED)
		r = say(c, VZ_SEVERITY_RECOMMENDATION, VZ_PARAM_PHYSPAGES, NULL,
			"physpages is not limited: one container can take all memory");
	if (r == 0)
		r = check_guarantee(c, VZ_PARAM_VMGUARPAGES);
	if (r == 0)
		r = check_guarantee(c, VZ_PARAM_OOMGUARPAGES);
	return r;
}

bool vz_validate_is_vswap(const struct vz_params *p)
{
	static const enum vz_param_id classic[] = {
		VZ_PARAM_KMEMSIZE,   VZ_PARAM_PRIVVMPAGES,  VZ_PARAM_TCPSNDBUF,
		VZ_PARAM_TCPRCVBUF,  VZ_PARAM_OTHERSOCKBUF, VZ_PARAM_DGRAMRCVBUF,
		VZ_PARAM_DCACHESIZE,
	};

	if (vz_param_pair(p, VZ_PARAM_PHYSPAGES).limit != VZ_UNLIMITED)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(classic); i++)
		if (vz_param_has(p, classic[i]))
			return false;
	return true;
}

int vz_validate(struct vz_params *p, bool is_vswap, vz_validate_fn *found, void *data,
		struct wabe_error *err)
{
	struct check c = { .p = p, .found = found, .data = data, .err = err };
	int r = is_vswap ? check_vswap(&c) : check_classic(&c);

	return r < 0 ? r : c.left;
}
