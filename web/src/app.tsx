/** The frame around all views: where one can go, and how the connection is. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { about, host, link, team, waiting } from './model/run.ts';
import { hrefOf, route } from './model/route.ts';
import { ConnectionNotice } from './parts/connection-notice.tsx';
import { ThemeSwitch } from './parts/theme-switch.tsx';
import { useWaitingAnnouncements } from './model/notify.ts';
import { TimeBar } from './parts/time-bar.tsx';
import { CallPage } from './views/call.tsx';
import { HostPage, MemberPage } from './views/machine.tsx';
import { Overview } from './views/overview.tsx';
import { SessionPage } from './views/session.tsx';
import { SoakPage } from './views/soak.tsx';
import { TeamPage } from './views/team.tsx';
import { WaitingPage } from './views/waiting.tsx';

type Tab = 'overview' | 'team' | 'waiting' | 'soak';

function NavLink({ view, children }: { view: Tab; children: ComponentChildren }) {
  const place = route.value;
  const isBelow =
    (view === 'overview' && 'sessionId' in place) || (view === 'team' && place.view === 'member');
  const isHere = place.view === view || isBelow;
  return (
    <a href={hrefOf({ view })} class="nav-link" {...(isHere ? { 'aria-current': 'page' } : {})}>
      {children}
    </a>
  );
}

function Navigation() {
  const count = waiting.value.length;
  return (
    <nav class="nav" aria-label="Views">
      <NavLink view="overview">Sessions</NavLink>
      <NavLink view="team">Team</NavLink>
      <NavLink view="waiting">
        Waiting
        {count > 0 && (
          <span class="badge">
            {count}
            <span class="unseen"> to decide</span>
          </span>
        )}
      </NavLink>
      {about.value?.kind === 'replay' && <NavLink view="soak">Run</NavLink>}
    </nav>
  );
}

function HostState() {
  const known = host.value;
  if (!known) return null;
  const words = { online: 'online', lost: 'lost', failed: 'failed', closed: 'closed' } as const;
  return (
    <a class="host" data-link={known.link} href={hrefOf({ view: 'host' })}>
      <i class="lamp" aria-hidden="true" />
      <span class="host-name">
        {known.name}
        {known.codex ? ` ${known.codex}` : ''}
      </span>
      <span class="host-link">{words[known.link]}</span>
    </a>
  );
}

function View() {
  const place = route.value;
  switch (place.view) {
    case 'session':
      return <SessionPage key={place.sessionId} sessionId={place.sessionId} />;
    case 'call':
      return <CallPage sessionId={place.sessionId} callKey={place.key} />;
    case 'team':
      return <TeamPage />;
    case 'waiting':
      return <WaitingPage />;
    case 'host':
      return <HostPage />;
    case 'member':
      return <MemberPage name={place.name} />;
    case 'soak':
      return <SoakPage />;
    case 'overview':
      return <Overview />;
  }
}

/** The whole page. */
export function App() {
  const main = useRef<HTMLElement>(null);
  const place = JSON.stringify(route.value);
  const isFirst = useRef(true);
  useWaitingAnnouncements();
  // Whoever follows a link by keyboard goes on reading at the new view, not behind the old link.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else main.current?.focus({ preventScroll: true });
    main.current?.scrollTo({ top: 0 });
  }, [place]);
  const isRefused = link.value.type === 'refused';
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skipTo(event, main.current)}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={hrefOf({ view: 'overview' })}>
          <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path d="M5 17.5 12 6l7 11.5Z" class="brand-lines" />
            <circle cx="12" cy="6" r="2.6" class="brand-lead" />
            <circle cx="5" cy="17.5" r="2.6" class="brand-node" />
            <circle cx="19" cy="17.5" r="2.6" class="brand-node" />
          </svg>
          <span>SessionMesh</span>
        </a>
        <Navigation />
        <div class="top-end">
          <span class="run-name" title={about.value?.name ?? ''}>
            {team.value ? `team ${team.value.runId.slice(0, 8)}` : (about.value?.name ?? '')}
          </span>
          <HostState />
          <ThemeSwitch />
        </div>
      </header>
      <ConnectionNotice />
      <main id="main" ref={main} tabIndex={-1}>
        {isRefused ? <Refused /> : <View />}
      </main>
      {about.value?.kind === 'replay' && <TimeBar />}
    </>
  );
}

function skipTo(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}

function Refused() {
  return (
    <section class="empty">
      <h1>This page is not let in</h1>
      <p>
        The address that a command prints is good for one browser and for a few minutes. Take a new
        one where the service runs:
      </p>
      <pre class="command">sessionmesh dashboard</pre>
      <p>It opens the dashboard of the service that runs on that machine.</p>
    </section>
  );
}
