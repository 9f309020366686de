/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/range: the kernel's ranges of limits. A configuration outside of them is refused by name (spec, cli), what is written to
 * a cgroup is guarded by the same (sys), and what has no such names is cut to them (vzctl).
 */
#ifndef WABE_BASE_RANGE_H
#define WABE_BASE_RANGE_H

#include <stdint.h>

#define WABE_CPU_SHARES_MIN 2 /* kernel/sched/sched.h: MIN_SHARES, MAX_SHARES */
#define WABE_CPU_SHARES_MAX 262144
#define WABE_CPU_WEIGHT_MIN 1 /* cgroup-v2.rst: cpu.weight and io.weight */
#define WABE_CPU_WEIGHT_MAX 10000
#define WABE_CPU_QUOTA_MIN_US \
	1000 /* kernel/sched/core.c: min_bw_runtime_us, max_bw_quota_period_us */
#define WABE_CPU_PERIOD_MIN_US 1000
#define WABE_CPU_PERIOD_MAX_US 1000000
/* kernel/sched/sched.h: MAX_BW_USEC; quota, burst and realtime runtime are at most that */
#define WABE_CPU_RUNTIME_MAX_US ((UINT64_C(1) << 44) - 1)
/* kernel/sched/rt.c, sched_group_set_rt_period(): its nanoseconds fit in 64 bits */
#define WABE_CPU_RT_PERIOD_MAX_US (UINT64_MAX / 1000)
#define WABE_BLKIO_WEIGHT_MIN 10 /* OCI config-linux.md, "Block IO" */
#define WABE_BLKIO_WEIGHT_MAX 1000
#define WABE_BLKIO_IOPS_MAX \
	UINT32_MAX /* block/blk-throttle.h, struct throtl_grp: 32 bits, v1 cuts the rest off */
#define WABE_PIDS_MAX \
	4194304 /* kernel/cgroup/pids.c: PIDS_MAX - 1, which is PID_MAX_LIMIT of 64 bits */
#define WABE_RDMA_MAX INT32_MAX /* kernel/cgroup/rdma.c, parse_resource() */

#endif
