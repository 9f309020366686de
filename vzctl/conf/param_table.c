// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf/param: the table. vzctl(8), "set"; ctid.conf(5). A row's order is that of the help and of
 * new lines in a file.
 */
#include <stddef.h>

#include "conf/param.h"

/* Why a parameter is kept, but not enforced. */
#define no_network "network setup is not part of this version"
#define no_patches "the kernel counts them for a whole guest only with the cgroup controller ctx"
#define no_version "not part of this version"
#define no_meaning \
	"superseded by ram and swap: the kernel's memory for a guest counts as the guest's"

static const char *const layouts[] = { "overlay",   "dir",   "simfs", "image",
				       "image:xfs", "ploop", "btrfs", NULL };
static const char *const on_off[] = { "on", "off", NULL };
static const char *const all[] = { "all", NULL };
static const char *const all_auto[] = { "all", "auto", NULL };
static const char *const netfilter_modes[] = { "disabled", "stateless", "stateful", "full", NULL };
static const char *const net_queues[] = { "auto", "fq_codel", "cake", "fifo", NULL };
static const char *const traffic_actions[] = { "throttle", "suspend", "none", NULL };
static const char *const features[] = { "sysfs",  "nfs",  "sit",  "ipip", "ppp",    "ipgre",
					"bridge", "nfsd", "fuse", "tun",  "docker", NULL };

/* capabilities(7), and VE_ADMIN of OpenVZ's kernel, so that its files load. */
static const char *const capabilities[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
	"VE_ADMIN",
	NULL,
};

#define BOTH (VZ_PARAM_CREATE | VZ_PARAM_SET)

static const struct vz_param rows[VZ_PARAM_MAX] = {
	/* general */
	[VZ_PARAM_ONBOOT] = {
		.option = "onboot", .key = "ONBOOT", .rule = { VZ_TYPE_YESNO }, .preset = "no",
		.flags = BOTH, .value = "yes|no",
		.help = "start the guest when the host boots",
	},
	[VZ_PARAM_BOOTORDER] = {
		.option = "bootorder", .key = "BOOTORDER",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_NONE, 0, 4294967295 },
		.flags = BOTH, .value = "N",
		.help = "priority at boot: guests with a higher number start first",
	},
	[VZ_PARAM_ROOT] = {
		.option = "root", .key = "VE_ROOT", .rule = { VZ_TYPE_PATH },
		.flags = BOTH | VZ_PARAM_STOPPED, .value = "PATH",
		.help = "where the guest's root is mounted",
		.manual = "$VEID in it is the CTID.",
	},
	[VZ_PARAM_PRIVATE] = {
		.option = "private", .key = "VE_PRIVATE", .rule = { VZ_TYPE_PATH },
		.flags = BOTH | VZ_PARAM_STOPPED, .value = "PATH",
		.help = "where the guest's own files are",
		.manual = "$VEID in it is the CTID. The files are not moved.",
	},
	[VZ_PARAM_LAYOUT] = {
		.option = "layout", .key = "VE_LAYOUT",
		.bad_value = VZ_EXIT_LAYOUT,
		.rule = { VZ_TYPE_ENUM, VZ_UNIT_NONE, 0, 0, layouts }, .preset = "overlay",
		.flags = VZ_PARAM_CREATE, .value = "NAME",
		.help = "how template and private area are put together",
		.manual = "overlay: the template below, the private area above. dir (simfs): copy. "
			  "image (ploop): a file with a file system, ext4 or, as image:xfs, xfs. btrfs: a "
			  "subvolume.",
	},
	[VZ_PARAM_MOUNT_OPTS] = {
		.option = "mount_opts", .key = "MOUNT_OPTS", .rule = { VZ_TYPE_WORD },
		.flags = BOTH | VZ_PARAM_RESTART, .value = "OPTIONS",
		.help = "mount options of the root",
		.manual = "Separated by commas: ro, nosuid, nodev, noexec, noatime, nodiratime, relatime, strictatime, "
			  "nosymfollow; in layout image also those of its file system.",
	},
	[VZ_PARAM_USERPASSWD] = {
		.option = "userpasswd", .rule = { VZ_TYPE_USERPASSWD },
		.flags = VZ_PARAM_SET | VZ_PARAM_ONLINE, .value = "USER:PASSWORD",
		.help = "set a user's password inside the guest; never saved",
		.manual = "A user that is not there is made.",
	},
	[VZ_PARAM_SSHKEY] = {
		.option = "sshkey", .rule = { VZ_TYPE_TEXT },
		.flags = VZ_PARAM_SET | VZ_PARAM_ONLINE, .value = "KEY|FILE",
		.help = "let a public SSH key log in as root; never saved",
		.manual = "A line as in authorized_keys, or a file of such lines on the host.",
	},
	[VZ_PARAM_DISABLED] = {
		.option = "disabled", .key = "DISABLED", .rule = { VZ_TYPE_YESNO },
		.preset = "no", .flags = BOTH, .value = "yes|no",
		.help = "refuse to start the guest (start --force does)",
	},
	[VZ_PARAM_NAME] = {
		.option = "name", .key = "NAME",
		.bad_value = VZ_EXIT_NAME,
		.rule = { VZ_TYPE_NAME },
		.flags = BOTH, .value = "NAME",
		.help = "a name that stands for the CTID; empty: none",
		.manual = "The guest's own number is none, too.",
	},
	[VZ_PARAM_DESCRIPTION] = {
		.option = "description", .key = "DESCRIPTION", .rule = { VZ_TYPE_TEXT },
		.flags = BOTH, .value = "TEXT",
		.help = "a line of text for people",
	},
	[VZ_PARAM_OSTEMPLATE] = {
		.option = "ostemplate", .key = "OSTEMPLATE", .rule = { VZ_TYPE_TEMPLATE },
		.flags = BOTH | VZ_PARAM_STOPPED, .value = "NAME",
		.help = "the template that the guest is made from",
	},
	[VZ_PARAM_STOP_TIMEOUT] = {
		.option = "stop-timeout", .key = "STOP_TIMEOUT",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_SECONDS, 0, 86400 }, .preset = "120",
		.flags = BOTH, .value = "SECONDS",
		.help = "how long vzctl stop waits before it kills",
	},
	[VZ_PARAM_ORIGIN_SAMPLE] = {
		.key = "ORIGIN_SAMPLE", .rule = { VZ_TYPE_TEMPLATE }, .value = "NAME",
		.help = "the sample that the guest was created from",
	},
	[VZ_PARAM_LOCAL_UID] = {
		.option = "local_uid", .key = "LOCAL_UID",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_NONE, 0, 4294901760 },
		.flags = VZ_PARAM_CREATE, .value = "UID",
		.help = "host user id that is root inside; 0: no user namespace",
		.manual = "Without it an unused range of 65,536 ids is taken.",
	},
	[VZ_PARAM_LOCAL_GID] = {
		.option = "local_gid", .key = "LOCAL_GID",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_NONE, 0, 4294901760 },
		.flags = VZ_PARAM_CREATE, .value = "GID",
		.help = "host group id that is group 0 inside",
	},
	/* network */
	[VZ_PARAM_IP_ADDRESS] = {
		.option = "ipadd", .option_del = "ipdel", .key = "IP_ADDRESS",
		.bad_value = VZ_EXIT_BAD_IP,
		.rule = { VZ_TYPE_IP }, .flags = BOTH | VZ_PARAM_ONLINE,
		.value = "ADDRESS[/PREFIX]", .help = "add an address, on venet0",
		.manual = "A prefix is kept, and changes nothing: each address is routed by itself.",
	},
	[VZ_PARAM_HOSTNAME] = {
		.option = "hostname", .key = "HOSTNAME",
		.bad_value = VZ_EXIT_BAD_HOSTNAME,
		.rule = { VZ_TYPE_HOSTNAME },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "NAME",
		.help = "the guest's host name",
	},
	[VZ_PARAM_NAMESERVER] = {
		.option = "nameserver", .key = "NAMESERVER",
		.bad_value = VZ_EXIT_BAD_NAMESERVER,
		.rule = { VZ_TYPE_NAMESERVER },
		.flags = BOTH | VZ_PARAM_ONLINE | VZ_PARAM_REPLACE, .value = "ADDRESS|inherit",
		.help = "a name server; repeat it for more",
	},
	[VZ_PARAM_SEARCHDOMAIN] = {
		.option = "searchdomain", .key = "SEARCHDOMAIN",
		.bad_value = VZ_EXIT_BAD_SEARCHDOMAIN,
		.rule = { VZ_TYPE_DOMAIN },
		.flags = BOTH | VZ_PARAM_ONLINE | VZ_PARAM_REPLACE, .value = "DOMAIN|inherit",
		.help = "a search domain; repeat it for more",
	},
	[VZ_PARAM_NETIF] = {
		.option = "netif_add", .option_del = "netif_del", .key = "NETIF",
		.rule = { VZ_TYPE_NETIF }, .flags = BOTH | VZ_PARAM_ONLINE,
		.value = "IFNAME[,MAC,HOST_IFNAME,HOST_MAC,BRIDGE]",
		.help = "add a virtual interface",
		.manual = "In the file: ifname=NAME,mac=MAC,host_ifname=NAME,host_mac=MAC,bridge=NAME.",
	},
	[VZ_PARAM_IFNAME] = {
		.option = "ifname", .rule = { VZ_TYPE_IFNAME }, .flags = VZ_PARAM_SET,
		.value = "NAME", .help = "the interface that the following options change",
	},
	[VZ_PARAM_MAC] = {
		.option = "mac", .rule = { VZ_TYPE_MAC }, .flags = VZ_PARAM_SET, .value = "MAC",
		.help = "its hardware address inside",
	},
	[VZ_PARAM_HOST_IFNAME] = {
		.option = "host_ifname", .rule = { VZ_TYPE_IFNAME }, .flags = VZ_PARAM_SET,
		.value = "NAME", .help = "its name on the host",
	},
	[VZ_PARAM_HOST_MAC] = {
		.option = "host_mac", .rule = { VZ_TYPE_MAC }, .flags = VZ_PARAM_SET,
		.value = "MAC", .help = "its hardware address on the host",
	},
	[VZ_PARAM_BRIDGE] = {
		.option = "bridge", .rule = { VZ_TYPE_IFNAME }, .flags = VZ_PARAM_SET,
		.value = "NAME", .help = "the host's bridge that it joins",
	},
	[VZ_PARAM_MAC_FILTER] = {
		.option = "mac_filter", .rule = { VZ_TYPE_ENUM, VZ_UNIT_NONE, 0, 0, on_off },
		.flags = VZ_PARAM_SET, .value = "on|off",
		.help = "drop frames from other hardware addresses",
	},
	[VZ_PARAM_NETDEV] = {
		.option = "netdev_add", .option_del = "netdev_del", .key = "NETDEV",
		.rule = { VZ_TYPE_IFLIST }, .flags = BOTH | VZ_PARAM_ONLINE, .value = "NAME",
		.help = "move a host's interface into the guest",
	},
	[VZ_PARAM_NETRATE] = {
		.option = "rate", .key = "NETRATE",
		/* Below it a packet takes seconds. */
		.rule = { VZ_TYPE_RATE, VZ_UNIT_NONE, 8000, 0 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "IN[:OUT]",
		.help = "bits a second to and from the guest, with K, M or G; 0: no limit",
		.manual = "1K is 1000. One value sets both; each of the guest's devices has them.",
	},
	[VZ_PARAM_NETBURST] = {
		.option = "rate-burst", .key = "NETBURST",
		.rule = { VZ_TYPE_LIMIT, VZ_UNIT_BYTES, 0, 1u << 30 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "N",
		.help = "bytes that may go at once, above the rate; 0: 10 ms of it, at least 32K",
	},
	[VZ_PARAM_NETQUEUE] = {
		.option = "rate-queue", .key = "NETQUEUE",
		.rule = { VZ_TYPE_ENUM, VZ_UNIT_NONE, 0, 0, net_queues }, .preset = "auto",
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "auto|fq_codel|cake|fifo",
		.help = "how packets wait where the guest has a rate",
		.manual = "auto: fq_codel, which keeps delays short, where the kernel has it, else fifo. "
			  "With cake the burst is its own.",
	},
	[VZ_PARAM_NUMCONNTRACK] = {
		.option = "numconntrack", .key = "NUMCONNTRACK",
		.rule = { VZ_TYPE_LIMIT, VZ_UNIT_ITEMS, 1, 1u << 30 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "N",
		.help = "connections that the host tracks for a device of the guest; 0: no limit",
		.manual = "Both ways; new ones above it are dropped.",
	},
	[VZ_PARAM_TRAFFIC_QUOTA] = {
		.option = "traffic-quota", .key = "TRAFFIC_QUOTA",
		.rule = { VZ_TYPE_LIMIT, VZ_UNIT_BYTES },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "N",
		.help = "bytes that may go to and from the guest in a month, together; 0: no limit",
		.manual = "Looked at every minute, by vzeventd or vznetstat --quota.",
	},
	[VZ_PARAM_TRAFFIC_RESET] = {
		.option = "traffic-reset", .key = "TRAFFIC_RESET",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_NONE, 1, 31 }, .preset = "1",
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "DAY",
		.help = "the day on which the quota's month begins, 1 to 31",
		.manual = "In a shorter month its last day, at 0:00.",
	},
	[VZ_PARAM_TRAFFIC_ACTION] = {
		.option = "traffic-action", .key = "TRAFFIC_ACTION",
		.rule = { VZ_TYPE_ENUM, VZ_UNIT_NONE, 0, 0, traffic_actions }, .preset = "throttle",
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "throttle|suspend|none",
		.help = "what happens to a guest whose quota is used up, until the next month",
		.manual = "throttle: it has the traffic-rate. suspend: its processes stand still.",
	},
	[VZ_PARAM_TRAFFIC_RATE] = {
		.option = "traffic-rate", .key = "TRAFFIC_RATE",
		.rule = { VZ_TYPE_RATE, VZ_UNIT_NONE, 8000, 0 }, .preset = "1M:1M",
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "IN[:OUT]",
		.help = "bits a second that a used up quota leaves to and from the guest",
		.manual = "As for rate.",
	},
	/* memory */
	[VZ_PARAM_PHYSPAGES] = {
		.option = "physpages", .option_limit = "ram", .key = "PHYSPAGES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES, 1, 0 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "[N:]N",
		.help = "memory, in 4 KB pages or with a suffix",
	},
	[VZ_PARAM_SWAPPAGES] = {
		.option = "swappages", .option_limit = "swap", .key = "SWAPPAGES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "[N:]N",
		.help = "swap, in 4 KB pages or with a suffix",
	},
	[VZ_PARAM_VM_OVERCOMMIT] = {
		.option = "vm_overcommit", .key = "VM_OVERCOMMIT",
		.rule = { VZ_TYPE_FACTOR, VZ_UNIT_NONE, 1, 1000000 },
		.flags = BOTH,
		.unenforced = "memory is not reserved: ram and swap limit what is used",
		.value = "X",
		.help = "private memory that may be reserved, as a multiple of ram and swap",
	},
	/* beancounters */
	[VZ_PARAM_NUMPROC] = {
		.option = "numproc", .key = "NUMPROC",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS, 1, 0 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "[N:]N",
		.help = "processes and threads",
	},
	[VZ_PARAM_NUMTCPSOCK] = {
		.option = "numtcpsock", .key = "NUMTCPSOCK",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_LOUD | VZ_PARAM_KERNEL,
		.unenforced = no_patches, .value = "[N:]N", .help = "TCP sockets",
	},
	[VZ_PARAM_NUMOTHERSOCK] = {
		.option = "numothersock", .key = "NUMOTHERSOCK",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_LOUD | VZ_PARAM_KERNEL,
		.unenforced = no_patches, .value = "[N:]N", .help = "other sockets",
	},
	[VZ_PARAM_VMGUARPAGES] = {
		.option = "vmguarpages", .key = "VMGUARPAGES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "[N:]N",
		.help = "guaranteed memory, in 4 KB pages",
	},
	[VZ_PARAM_KMEMSIZE] = {
		.option = "kmemsize", .key = "KMEMSIZE", .rule = { VZ_TYPE_PAIR, VZ_UNIT_BYTES },
		.flags = BOTH, .unenforced = no_meaning,
		.value = "[N:]N", .help = "kernel memory, in bytes",
	},
	[VZ_PARAM_TCPSNDBUF] = {
		.option = "tcpsndbuf", .key = "TCPSNDBUF",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_BYTES }, .flags = BOTH,
		.unenforced = no_meaning, .value = "[N:]N",
		.help = "send buffers of TCP sockets, in bytes",
	},
	[VZ_PARAM_TCPRCVBUF] = {
		.option = "tcprcvbuf", .key = "TCPRCVBUF",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_BYTES }, .flags = BOTH,
		.unenforced = no_meaning, .value = "[N:]N",
		.help = "receive buffers of TCP sockets, in bytes",
	},
	[VZ_PARAM_OTHERSOCKBUF] = {
		.option = "othersockbuf", .key = "OTHERSOCKBUF",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_BYTES }, .flags = BOTH,
		.unenforced = no_meaning, .value = "[N:]N",
		.help = "send buffers of other sockets, in bytes",
	},
	[VZ_PARAM_DGRAMRCVBUF] = {
		.option = "dgramrcvbuf", .key = "DGRAMRCVBUF",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_BYTES }, .flags = BOTH,
		.unenforced = no_meaning, .value = "[N:]N",
		.help = "receive buffers of other sockets, in bytes",
	},
	[VZ_PARAM_OOMGUARPAGES] = {
		.option = "oomguarpages", .key = "OOMGUARPAGES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "[N:]N",
		.help = "memory that is safe from the out-of-memory killer, in 4 KB pages",
	},
	[VZ_PARAM_LOCKEDPAGES] = {
		.option = "lockedpages", .key = "LOCKEDPAGES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES },
		.flags = BOTH | VZ_PARAM_RESTART,
		.value = "[N:]N",
		.help = "locked memory, in 4 KB pages",
	},
	[VZ_PARAM_PRIVVMPAGES] = {
		.option = "privvmpages", .key = "PRIVVMPAGES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES }, .flags = BOTH,
		.unenforced = no_meaning, .value = "[N:]N",
		.help = "private virtual memory, in 4 KB pages",
	},
	[VZ_PARAM_SHMPAGES] = {
		.option = "shmpages", .key = "SHMPAGES", .rule = { VZ_TYPE_PAIR, VZ_UNIT_PAGES },
		.flags = BOTH, .unenforced = no_meaning,
		.value = "[N:]N", .help = "shared memory, in 4 KB pages",
	},
	[VZ_PARAM_NUMFILE] = {
		.option = "numfile", .key = "NUMFILE", .rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_LOUD | VZ_PARAM_KERNEL,
		.unenforced = no_patches, .value = "[N:]N", .help = "open files",
	},
	[VZ_PARAM_NUMFLOCK] = {
		.option = "numflock", .key = "NUMFLOCK", .rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_LOUD | VZ_PARAM_KERNEL,
		.unenforced = no_patches, .value = "[N:]N", .help = "file locks",
	},
	[VZ_PARAM_NUMPTY] = {
		.option = "numpty", .key = "NUMPTY", .rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_RESTART,
		.value = "[N:]N", .help = "pseudo-terminals",
	},
	[VZ_PARAM_NUMSIGINFO] = {
		.option = "numsiginfo", .key = "NUMSIGINFO",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_RESTART,
		.value = "[N:]N", .help = "queued signals",
	},
	[VZ_PARAM_DCACHESIZE] = {
		.option = "dcachesize", .key = "DCACHESIZE",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_BYTES }, .flags = BOTH,
		.unenforced = no_meaning, .value = "[N:]N",
		.help = "directory entries held in memory, in bytes",
	},
	[VZ_PARAM_NUMIPTENT] = {
		.option = "numiptent", .key = "NUMIPTENT",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_LOUD | VZ_PARAM_KERNEL,
		.unenforced = no_patches, .value = "[N:]N", .help = "packet filter rules",
	},
	/* processor */
	[VZ_PARAM_CPUUNITS] = {
		.option = "cpuunits", .key = "CPUUNITS",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_ITEMS, 8, 500000 }, .preset = "1000",
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "N",
		.help = "share of processor time when guests compete",
	},
	[VZ_PARAM_CPULIMIT] = {
		.option = "cpulimit", .key = "CPULIMIT",
		.rule = { VZ_TYPE_LIMIT, VZ_UNIT_PERCENT, 0, 819200 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "N[%]",
		.help = "processor time, 100 is one processor; 0: no limit",
	},
	[VZ_PARAM_CPUS] = {
		.option = "cpus", .key = "CPUS",
		.rule = { VZ_TYPE_LIMIT, VZ_UNIT_ITEMS, 0, 8192 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "N",
		.help = "number of processors; 0: all",
	},
	[VZ_PARAM_CPUMASK] = {
		.option = "cpumask", .key = "CPUMASK",
		.rule = { VZ_TYPE_MASK, VZ_UNIT_NONE, 0, 0, all_auto },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "LIST|all|auto",
		.help = "the processors that the guest runs on",
	},
	[VZ_PARAM_NODEMASK] = {
		.option = "nodemask", .key = "NODEMASK",
		.rule = { VZ_TYPE_MASK, VZ_UNIT_NONE, 0, 0, all },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "LIST|all",
		.help = "the NUMA nodes that its memory comes from",
	},
	/* disk */
	[VZ_PARAM_DISK_QUOTA] = {
		.option = "diskquota", .key = "DISK_QUOTA", .rule = { VZ_TYPE_YESNO },
		.preset = "yes", .flags = BOTH | VZ_PARAM_ONLINE,
		.value = "yes|no", .help = "limit disk space and inodes",
	},
	[VZ_PARAM_DISKSPACE] = {
		.option = "diskspace", .key = "DISKSPACE",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_KB, 1, 0 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "[N:]N",
		.help = "disk space (soft:hard), in KB or with a suffix",
	},
	[VZ_PARAM_DISKINODES] = {
		.option = "diskinodes", .key = "DISKINODES",
		.rule = { VZ_TYPE_PAIR, VZ_UNIT_ITEMS, 1, 0 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "[N:]N",
		.help = "files and directories (soft:hard)",
	},
	[VZ_PARAM_QUOTATIME] = {
		.option = "quotatime", .key = "QUOTATIME",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_SECONDS, 0, 4294967295 },
		.flags = BOTH | VZ_PARAM_ONLINE, .value = "SECONDS",
		.help = "how long a soft disk limit may be exceeded",
		.manual = "One for all guests whose private areas are on the same file system: who is started or "
			  "changed last decides.",
	},
	[VZ_PARAM_QUOTAUGIDLIMIT] = {
		.option = "quotaugidlimit", .key = "QUOTAUGIDLIMIT",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_ITEMS, 0, 4294967295 },
		.flags = BOTH | VZ_PARAM_RESTART, .value = "N",
		.help = "users and groups of the guest that may have a quota of their own; 0: none",
		.manual = "In layout image. vzctl ugidquota sets them: nobody in a user namespace can.",
	},
	[VZ_PARAM_IOPRIO] = {
		.option = "ioprio", .key = "IOPRIO",
		.rule = { VZ_TYPE_NUMBER, VZ_UNIT_NONE, 0, 7 },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "0..7",
		.help = "disk priority, 7 is the highest",
	},
	[VZ_PARAM_IOLIMIT] = {
		.option = "iolimit", .key = "IOLIMIT", .rule = { VZ_TYPE_LIMIT, VZ_UNIT_BYTES },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.option_unit = VZ_UNIT_MB, .value = "N",
		.help = "disk bandwidth, in MB a second or with a suffix; 0: no limit",
		.manual = "The file has bytes a second.",
	},
	[VZ_PARAM_IOPSLIMIT] = {
		.option = "iopslimit", .key = "IOPSLIMIT",
		.rule = { VZ_TYPE_LIMIT, VZ_UNIT_ITEMS },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "N",
		.help = "disk operations a second; 0: no limit",
	},
	/* rights */
	[VZ_PARAM_CAPABILITY] = {
		.option = "capability", .key = "CAPABILITY",
		.rule = { VZ_TYPE_SWITCH, VZ_UNIT_NONE, 0, 0, capabilities },
		.flags = BOTH | VZ_PARAM_RESTART,
		.value = "NAME:on|off",
		.help = "give or take a capability",
	},
	[VZ_PARAM_DEVNODES] = {
		.option = "devnodes", .key = "DEVNODES", .rule = { VZ_TYPE_DEVNODE },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "DEVICE:[r][w][q]|none",
		.help = "give access to a device by its name below /dev",
	},
	[VZ_PARAM_DEVICES] = {
		.option = "devices", .key = "DEVICES", .rule = { VZ_TYPE_DEVICE },
		.flags = BOTH | VZ_PARAM_ONLINE,
		.value = "b|c:MAJOR:MINOR|all:[r][w][q]|none",
		.help = "give access to a device by its numbers",
	},
	[VZ_PARAM_PCI] = {
		.option = "pci_add", .option_del = "pci_del", .key = "PCI",
		.rule = { VZ_TYPE_PCI }, .flags = BOTH | VZ_PARAM_LOUD,
		.unenforced = "no Linux kernel gives PCI devices to containers",
		.value = "[DOMAIN:]BUS:SLOT.FUNCTION", .help = "give a PCI device",
	},
	[VZ_PARAM_FEATURES] = {
		.option = "features", .key = "FEATURES",
		.rule = { VZ_TYPE_SWITCH, VZ_UNIT_NONE, 0, 0, features },
		.flags = BOTH | VZ_PARAM_RESTART,
		.value = "NAME:on|off",
		.help = "switch a feature on or off",
		.manual = "sysfs nfs sit ipip ppp ipgre bridge nfsd fuse tun docker.",
	},
	[VZ_PARAM_NETFILTER] = {
		.option = "netfilter", .key = "NETFILTER",
		.rule = { VZ_TYPE_ENUM, VZ_UNIT_NONE, 0, 0, netfilter_modes },
		.flags = BOTH | VZ_PARAM_RESTART,
		.value = "disabled|stateless|stateful|full",
		.help = "which packet filter features the guest may use",
	},
	[VZ_PARAM_IPTABLES] = {
		.option = "iptables", .key = "IPTABLES", .rule = { VZ_TYPE_MODULES },
		.flags = BOTH | VZ_PARAM_REPLACE,
		.unenforced = "today's kernels have no such switch; see netfilter",
		.value = "MODULE", .help = "packet filter modules; repeat it for more",
	},
};

const struct vz_param *vz_param_row(enum vz_param_id id)
{
	return &rows[id];
}

enum vz_exit vz_param_bad_value(enum vz_param_id id)
{
	return rows[id].bad_value ? rows[id].bad_value : VZ_EXIT_BAD_VALUE;
}
