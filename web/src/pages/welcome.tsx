// welcome: nothing has been read yet. Says what to bring, how to make one, and what will happen to it.

import { OpenButton } from '../shell/open-capture.tsx'

export function WelcomePage() {
  return (
    <div className="welcome">
      <h1>Which of your bedside devices talk outside?</h1>
      <p className="lead">
        Drop a packet capture anywhere on this page, or choose one. It is read by your own Cordon, its packets are not kept, and nothing is
        sent anywhere else.
      </p>
      <div className="welcome-drop">
        <svg viewBox="0 0 240 64" width="240" height="64" aria-hidden="true">
          <path d="M14 32h126" className="brand-line" />
          <circle cx="20" cy="32" r="8" className="brand-dot" />
          <path d="M152 6v52M164 6v52" className="brand-wall" />
          <path d="M178 32h34" className="welcome-dash" />
          <circle cx="220" cy="32" r="7" className="welcome-outside" />
        </svg>
        <OpenButton primary>Open a capture</OpenButton>
        <p className="sub">pcap or pcapng, also gzip or zstd</p>
      </div>
      <section aria-labelledby="how-title" className="welcome-how">
        <h2 id="how-title">How to make one</h2>
        <ol>
          <li>Ask the network team to mirror the ward's switch port, or its VLAN, to a free port (SPAN), and plug a computer in there.</li>
          <li>On that computer run <code>tcpdump -i eth0 -s 0 -w ward.pcap</code>, or start a capture in Wireshark.</li>
          <li>Let it run through a shift change, better for a whole day: what is not in the capture cannot be found.</li>
        </ol>
      </section>
    </div>
  )
}
