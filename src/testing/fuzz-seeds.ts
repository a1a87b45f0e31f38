// fuzz-seeds: small texts of each platform that use as many of its words as fit; what the compilers emit is added by fuzz-readers.ts.
// Keeps the project's own: no line of them is from anywhere else.

export const SEEDS: Readonly<Record<string, readonly string[]>> = {
  'nftables': [`define beds = { 10.20.3.0/24, 10.20.4.1-10.20.4.9 }
table inet ward {
  set servers { type ipv4_addr . inet_service; flags interval; elements = { 10.1.1.0/24 . 515-520, 10.1.2.1 . 511 } }
  map verdicts { type inet_service : verdict; elements = { 22 : drop, 80-443 : accept } }
  chain side { ct state established,related accept; ip saddr $beds tcp dport vmap @verdicts; return; }
  chain forward { type filter hook forward priority filter; policy drop;
    iifname "eth0" oifname { "eth1", "eth2" } ip daddr . tcp dport @servers counter log prefix "x" accept comment "y"
    tcp flags & (syn | ack) == syn jump side; icmp type echo-request limit rate 5/second accept
    ip6 saddr != fd00::/8 udp dport != { 53, 67-68 } reject with icmpx admin-prohibited
    meta l4proto { tcp, udp } th dport 515 goto side
  }
  chain pre { type nat hook prerouting priority dstnat; ip daddr 10.9.9.9 tcp dport 80 dnat to 10.1.1.1:8080; }
}
`],
  'nftables-json': [JSON.stringify({ nftables: [
    { metainfo: { version: '1.0.6' } }, { table: { family: 'inet', name: 'ward', handle: 1 } },
    { set: { family: 'inet', name: 's', table: 'ward', type: 'ipv4_addr', flags: ['interval'], elem: [{ prefix: { addr: '10.1.0.0', len: 16 } },
      { range: ['10.3.0.1', '10.3.0.9'] }] } },
    { chain: { family: 'inet', table: 'ward', name: 'f', type: 'filter', hook: 'forward', prio: 0, policy: 'drop' } },
    { rule: { family: 'inet', table: 'ward', chain: 'f', expr: [{ match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '@s' } },
      { match: { op: '!=', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: { set: [80, { range: [515, 520] }] } } }, { accept: null }] } },
    { rule: { family: 'inet', table: 'ward', chain: 'f', expr: [{ vmap: { key: { meta: { key: 'l4proto' } }, data: { set: [['tcp', { drop: null }]] } } }] } },
  ] }, null, 1)],
  'cisco-ios': [`hostname r1
object-group network BEDS
 10.20.3.0 255.255.255.0
 host 10.20.4.1
 group-object MORE
object-group network MORE
 range 10.20.5.1 10.20.5.9
object-group service WEB
 tcp eq 80
 tcp range 515 520
ip access-list extended IN
 10 permit tcp object-group BEDS any eq 515 established
 20 deny udp any range 1 9 host 10.1.1.1 gt 1023 log
 30 permit object-group WEB any 10.1.0.0 0.0.255.255
 permit icmp any any echo
 remark x
access-list 10 permit 10.0.0.0 0.255.255.255
ipv6 access-list V6
 permit tcp 2001:db8::/32 any eq www
interface GigabitEthernet0/0
 ip address 10.20.3.1 255.255.255.0
 ip access-group IN in
 ipv6 traffic-filter V6 out
ip route 0.0.0.0 0.0.0.0 10.20.0.1 5
ip route 202.114.4.0 255.255.255.0 Null0
`],
  'cisco-asa': [`ASA Version 9.16(1)
hostname fw
interface GigabitEthernet0/0
 nameif inside
 security-level 100
 ip address 10.20.0.1 255.255.0.0
interface GigabitEthernet0/1
 nameif outside
 security-level 0
object network CMS
 host 10.1.1.4
object network NET
 subnet 10.2.0.0 255.255.0.0
object-group network ALL
 network-object object CMS
 network-object 10.3.0.0 255.255.0.0
 group-object OTHER
object-group network OTHER
 network-object host 10.4.4.4
object service VITALS
 service tcp source range 1 9 destination range 515 520
object-group service S tcp-udp
 port-object eq 53
 port-object range 515 520
access-list A extended permit tcp object-group ALL object CMS eq 515 log
access-list A extended deny ip any4 10.9.0.0 255.255.255.0
access-list A extended permit object VITALS any any inactive
access-group A in interface inside
access-group A global
route outside 0.0.0.0 0.0.0.0 10.9.9.9 1
same-security-traffic permit inter-interface
`],
  'junos-srx': [`set system host-name fw
set security zones security-zone ward interfaces ge-0/0/0.0
set security zones security-zone core interfaces ge-0/0/1.0
set security address-book global address beds 10.20.3.0/24
set security address-book global address-set all address beds
set security address-book global address-set all address-set more
set security address-book global address-set more address beds
set applications application vitals protocol tcp destination-port 515-520
set applications application-set both application vitals
set applications application-set both application junos-ssh
set security policies from-zone ward to-zone core policy p1 match source-address all destination-address any application both
set security policies from-zone ward to-zone core policy p1 then permit
set security policies global policy g match source-address-excluded application any
set security policies global policy g then deny
set security policies default-policy deny-all
set routing-options static route 0.0.0.0/0 next-hop 10.1.1.1
`, `security { policies { from-zone a to-zone b { policy p { match { source-address any; destination-address any; application junos-http; }
 then { permit; } } } } zones { security-zone a { interfaces { ge-0/0/0.0; } } security-zone b { interfaces { ge-0/0/1.0; } } } }
`],
  'pan-os': [`set deviceconfig system hostname fw
set network interface ethernet ethernet1/1 layer3 ip 10.20.3.1/24
set zone ward network layer3 ethernet1/1
set zone core network layer3 ethernet1/2
set address beds ip-netmask 10.20.3.0/24
set address span ip-range 10.20.4.1-10.20.4.9
set address-group all static [ beds span more ]
set address-group more static beds
set service vitals protocol tcp port 515-520,511
set service-group both members [ vitals service-http ]
set rulebase security rules R1 from ward to core source all destination any service both application any action allow
set rulebase security rules R2 from any to any source any negate-source yes destination beds service any application any action deny
set rulebase nat rules N1 from ward to core source any destination 10.9.9.9 service any destination-translation translated-address 10.1.1.1
set network virtual-router default routing-table ip static-route d destination 0.0.0.0/0 nexthop ip-address 10.1.1.1
move rulebase security rules R2 before R1
`],
  'fortios': [`config system interface
edit "port1"
set ip 10.20.3.1 255.255.255.0
next
edit "port2"
next
end
config firewall address
edit "beds"
set subnet 10.20.3.0 255.255.255.0
next
edit "span"
set type iprange
set start-ip 10.20.4.1
set end-ip 10.20.4.9
next
end
config firewall addrgrp
edit "all"
set member "beds" "span" "more"
next
edit "more"
set member "beds"
next
end
config firewall service custom
edit "vitals"
set tcp-portrange 515-520:1-9 511
next
end
config firewall policy
edit 1
set srcintf "port1"
set dstintf "any"
set srcaddr "all"
set dstaddr "all"
set service "vitals"
set action accept
next
edit 2
set srcintf "port1"
set dstintf "port2"
set srcaddr "beds"
set dstaddr "span"
set service "ALL"
next
move 2 before 1
end
config router static
edit 1
set dst 10.9.0.0 255.255.0.0
set gateway 10.1.1.1
set device "port2"
next
end
`],
  'iptables': [`*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:side - [0:0]
-A FORWARD -s 10.20.3.0/24 -d 10.1.1.4/32 -p tcp -m tcp --dport 515:520 -j ACCEPT
-A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT
-A FORWARD -i eth0 ! -o eth1 -p udp -m multiport --dports 53,67:68 -j side
-A side -p icmp -m icmp --icmp-type 8 -j RETURN
COMMIT
`],
  'routes': [`default via 10.20.0.1 dev eth0 metric 100
10.20.3.0/24 dev eth1 proto kernel scope link src 10.20.3.1
blackhole 202.114.4.0/24
prohibit 10.9.0.0/16 table 7
10.8.0.0/16 nexthop via 10.1.1.1 dev eth0 weight 1 nexthop via 10.1.1.2 dev eth1 weight 1
`, '[{"dst":"default","gateway":"10.20.0.1","dev":"eth0","flags":[]},{"type":"blackhole","dst":"202.114.4.0/24","flags":[]}]'],
  'routes-linux': [`default via 10.20.0.1 dev eth0 metric 100
10.20.3.0/24 dev eth1 proto kernel scope link src 10.20.3.1
0:\tfrom all lookup local
200:\tnot from all fwmark 0x1/0xff ipproto tcp dport 515-520 prohibit
32766:\tfrom all lookup main
`, '[{"dst":"default","gateway":"10.20.0.1","dev":"eth0","flags":[]}]\n[{"priority":0,"src":"all","table":"local"}]\n'],
  'rules': [`0:\tfrom all lookup local
100:\tfrom 10.20.3.0/24 to 202.114.4.0/24 iif eth1 lookup 7
200:\tnot from all fwmark 0x1/0xff ipproto tcp dport 515-520 prohibit
32766:\tfrom all lookup main
`, '[{"priority":0,"src":"all","table":"local"},{"priority":9,"src":"10.0.0.0","srclen":8,"table":"7","fwmark":"0x1"}]'],
  'mud': [JSON.stringify({
    'ietf-mud:mud': { 'mud-version': 1, 'mud-url': 'https://pump.example/mud', systeminfo: 'pump',
      'from-device-policy': { 'access-lists': { 'access-list': [{ name: 'fr' }] } } },
    'ietf-access-control-list:acls': { acl: [{ name: 'fr', type: 'ipv4-acl-type', aces: { ace: [
      { name: 'a', matches: { ipv4: { protocol: 6, 'ietf-acldns:dst-dnsname': 'cloud.example' },
        tcp: { 'destination-port': { operator: 'eq', port: 443 }, 'ietf-mud:direction-initiated': 'from-device' } }, actions: { forwarding: 'accept' } },
      { name: 'b', matches: { 'ietf-mud:mud': { 'local-networks': [null] }, ipv4: { protocol: 17, 'destination-ipv4-network': '10.0.0.0/8' },
        udp: { 'source-port': { 'lower-port': 1, 'upper-port': 9 } } }, actions: { forwarding: 'drop' } },
    ] } }] },
  }, null, 1)],
  'policy': [`version: 1
name: ward
zones:
  - { name: hospital, kind: it, prefixes: [10.0.0.0/8, "fd00::/8"] }
  - { name: ward-3, kind: medical, inside: hospital, prefixes: [10.20.3.0/24] }
services:
  - { name: lab, transport: [tcp, udp], ports: [5000-5010, 6000] }
conduits:
  - name: vitals
    from: ward-3
    to: hospital
    services: [cms8000, lab]
    action: allow
    fail: open
    reason: The central station shows the bed.
exceptions:
  - { name: visit, from: hospital, to: ward-3, services: [ssh], action: allow, owner: me, reason: because, expires: 2030-01-01 }
segments:
  - { prefix: 10.20.3.0/24, zone: ward-3, via: 10.20.0.3, elsewhere: blackhole }
assertions:
  - never ward-3 -> internet
  - always ward-3 -> hospital on cms8000
default: deny
`],
}
