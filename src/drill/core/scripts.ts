// Scripts: the shell commands that build the ward's namespaces, as text: the router under test and each side.
// Keeps the rule that nothing can leave: every link made here ends in a namespace made here, and there is no other.

import { formatPrefix, ipVersion, type Ip, type Prefix } from '../../base/ip.ts'
import { hostPrefix } from '../../policy/index.ts'
import { carvedOut, isRouted, outsideOf, ROUTER_ADDRESS, type Layout, type Side } from './layout.ts'
import { PLAIN_METRIC } from './routing.ts'

export const ROUTER = 'router'
/** Name of a side's only interface. */
export const LINK = 'link0'
/** The same on every link, which is what link-local addresses are for. */
const ROUTER_LINK_LOCAL = 'fe80::1'
const SIDE_LINK_LOCAL = 'fe80::2'
/** Table for what lies in a side's own blocks and yet behind the router. */
const CARVED_TABLE = 100
/** Seconds that an unanswered session is remembered: probes are never answered, and there are many. */
const UNANSWERED_SECONDS = 5
const TIMEOUTS = ['udp_timeout', 'tcp_timeout_syn_sent', 'generic_timeout', 'icmp_timeout', 'icmpv6_timeout']

/** Stands for the stateful firewall that was there before: lets everything through and remembers sessions. */
export const TRACKING_RULES = `table inet drill_tracking {
	chain forward {
		type filter hook forward priority -10; policy accept;
		ct state established,related accept
	}
}
`

/** Loaded on every side while probes are sent: they are seen and never answered. */
export const SILENT_RULES = `table inet drill_silent {
	chain prerouting {
		type filter hook prerouting priority raw; policy drop;
	}
}
`
export const SPEAK_AGAIN = 'delete table inet drill_silent\n'

/** Namespaces and links. `ip netns` needs a folder of its own: the mount is seen by the drill alone. */
export function buildScript(layout: Layout): string {
  return lines([
    'mount -t tmpfs -o mode=0755 tmpfs /run', 'mkdir /run/netns', `ip netns add ${ROUTER}`,
    ...layout.sides.flatMap((side) => [
      `ip netns add ${side.name}`,
      `ip link add ${LINK} netns ${side.name} address ${side.mac} type veth peer name ${side.name} netns ${ROUTER} address ${side.routerMac}`,
    ]),
  ])
}

/** Run in the router's namespace. */
export function routerScript(layout: Layout): string {
  return lines([
    'ip link set lo up',
    'echo 1 > /proc/sys/net/ipv4/ip_forward', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
    ...layout.sides.flatMap((side) => routerLink(layout, side)),
    ...filterSysctls(), `ip route add default via ${outside(layout).linkAddress} dev ${outside(layout).name} metric ${PLAIN_METRIC}`,
    `ip -6 route add default via ${SIDE_LINK_LOCAL} dev ${outside(layout).name} metric ${PLAIN_METRIC}`,
  ])
}

/** A link of the router with the plain routes over it. */
function routerLink(layout: Layout, side: Side): readonly string[] {
  const addresses = [side.linkAddress, ...side.hops]
  return [
    `ip link set ${side.name} addrgenmode none`, `ip link set ${side.name} up`,
    `ip addr add ${ROUTER_ADDRESS}/32 dev ${side.name}`, `ip -6 addr add ${ROUTER_LINK_LOCAL}/64 dev ${side.name} nodad`,
    `ip -6 neigh replace ${SIDE_LINK_LOCAL} lladdr ${side.mac} dev ${side.name} nud permanent`,
    ...addresses.flatMap((address) => [
      `${ipOf(address)} route add ${formatPrefix(hostPrefix(address))} dev ${side.name}`,
      `${ipOf(address)} neigh replace ${address} lladdr ${side.mac} dev ${side.name} nud permanent`,
    ]),
    ...layout.plain.filter((route) => route.side === side.index).map(({ prefix }) =>
      `${family(prefix)} route add ${formatPrefix(prefix)} via ${nextHop(prefix, side)} dev ${side.name} metric ${PLAIN_METRIC}`),
  ]
}

/** Run in a side's namespace: it takes every address of its blocks for its own, and sends the rest to the router. */
export function sideScript(layout: Layout, side: Side): string {
  const own: readonly string[] = side.kind === 'outside' ? ['ip route add local 0.0.0.0/0', 'ip -6 route add local ::/0']
    : side.blocks.filter(isRouted).map((block) => `${family(block)} route add local ${formatPrefix(block)}`)
  return lines([
    'ip link set lo up', `ip link set ${LINK} addrgenmode none`, `ip link set ${LINK} up`,
    `ip addr add ${side.linkAddress}/32 dev ${LINK}`, `ip -6 addr add ${SIDE_LINK_LOCAL}/64 dev ${LINK} nodad`,
    ...side.hops.map((hop) => `${ipOf(hop)} addr add ${formatPrefix(hostPrefix(hop))} dev ${LINK}${ipVersion(hop) === 6 ? ' nodad' : ''}`),
    `ip neigh replace ${ROUTER_ADDRESS} lladdr ${side.routerMac} dev ${LINK} nud permanent`,
    `ip -6 neigh replace ${ROUTER_LINK_LOCAL} lladdr ${side.routerMac} dev ${LINK} nud permanent`,
    ...['ip', 'ip -6'].flatMap((ip) => [
      `${ip} rule add pref 10 lookup ${CARVED_TABLE}`, `${ip} rule add pref 20 lookup local`, `${ip} rule del pref 0`,
    ]),
    `ip route add default via ${ROUTER_ADDRESS} dev ${LINK} onlink`, `ip -6 route add default via ${ROUTER_LINK_LOCAL} dev ${LINK}`,
    `ip route add ${ROUTER_ADDRESS}/32 dev ${LINK} table ${CARVED_TABLE}`,
    ...carvedOut(layout, side).map((block) => carvedRoute(block)),
    // Last: a gateway inside of them would be taken for an address of this side.
    ...own.map((route) => `${route} dev lo table local`), ...filterSysctls(),
    'echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind', 'echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind',
  ])
}

function nextHop(prefix: Prefix, side: Side): string {
  return prefix.version === 4 ? side.linkAddress : SIDE_LINK_LOCAL
}

function carvedRoute(block: Prefix): string {
  const via = block.version === 4 ? `${ROUTER_ADDRESS} dev ${LINK} onlink` : `${ROUTER_LINK_LOCAL} dev ${LINK}`
  return `${family(block)} route add ${formatPrefix(block)} via ${via} table ${CARVED_TABLE}`
}

/** Sources are judged by the rules under test alone, and nobody is told of a better way. */
function filterSysctls(): readonly string[] {
  return [
    'for f in /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 > "$f"; done',
  ]
}

/** Run in the router's namespace once its rules remember sessions. */
export function timeoutScript(): string {
  return lines(TIMEOUTS.map((name) => `f=/proc/sys/net/netfilter/nf_conntrack_${name}; test ! -w "$f" || echo ${UNANSWERED_SECONDS} > "$f"`))
}

/** What a router has loaded, as text: equal before and after means that nothing is left. */
export const STATE_COMMANDS: readonly (readonly string[])[] = [
  ['nft', 'list', 'ruleset'], ['ip', 'route', 'show', 'table', 'all'], ['ip', '-6', 'route', 'show', 'table', 'all'], ['ip', 'rule'], ['ip', '-6', 'rule'],
]

function outside(layout: Layout): Side {
  return layout.sides[outsideOf(layout)] as Side
}

function family(prefix: Prefix): string {
  return prefix.version === 4 ? 'ip' : 'ip -6'
}

function ipOf(address: Ip): string {
  return ipVersion(address) === 4 ? 'ip' : 'ip -6'
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
