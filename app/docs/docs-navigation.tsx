'use client';

import { usePathname } from 'next/navigation';
import { type ReactNode, useEffect, useRef } from 'react';
import { PageLink } from '#app/_components/page-link.tsx';
import { navigationId, searchId } from './ids.ts';
import type { NavigationGroup } from './navigation-groups.ts';
import { useSearchKey } from './use-search-key.ts';

/** Links to all pages of the documentation, of which one is marked as current. */
export function DocsNavigation({ groups }: { groups: readonly NavigationGroup[] }) {
  return <NavigationOf groups={groups} pathname={usePathname()} />;
}

type Props = {
  groups: readonly NavigationGroup[];
  /** Of the current page, if it is known already. */
  pathname?: string;
};

/** Links to all pages of the documentation: beside them on a wide screen, otherwise a popover. */
export function NavigationOf({ groups, pathname = '' }: Props) {
  const navigation = useRef<HTMLElement>(null);
  useSearchKey();

  useEffect(() => {
    const element = navigation.current;
    if (!element) return;
    // A click on a link of the popover keeps the layout, so that it would stay open. Safari 16 has no popovers.
    element.hidePopover?.();
    const current = element.querySelector<HTMLElement>(`a[href="${CSS.escape(pathname)}"]`);
    if (current) scrollTo(element, current);
  }, [pathname]);

  return (
    <nav
      ref={navigation}
      id={navigationId}
      popover="auto"
      aria-label="Documentation"
      className="docs-navigation shadow-raised"
    >
      <PageLink href={`/docs#${searchId}`} className="docs-search-link">
        Search
      </PageLink>
      {groups.map(({ name, links }) => (
        <Group key={name} name={name}>
          {links.map(({ href, name: label, note }) => (
            <li key={href}>
              <PageLink
                href={href}
                className="docs-link"
                aria-current={href === pathname ? 'page' : undefined}
              >
                {label}
                {note !== null && <span className="docs-link-note">{note}</span>}
              </PageLink>
            </li>
          ))}
        </Group>
      ))}
      <Group name="For programs">
        <li>
          <a href="/openapi.json" className="docs-link">
            OpenAPI 3.1
          </a>
        </li>
        <li>
          <PageLink href="/docs/calling#tools" className="docs-link">
            MCP
          </PageLink>
        </li>
        <li>
          <a href="/llms.txt" className="docs-link">
            llms.txt
          </a>
        </li>
        <li>
          <a href="/llms-full.txt" className="docs-link">
            llms-full.txt
          </a>
        </li>
      </Group>
    </nav>
  );
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  const id = `docsGroup-${name.replaceAll(' ', '')}`;
  return (
    <div>
      <p id={id} className="docs-group-name">
        {name}
      </p>
      <ul aria-labelledby={id}>{children}</ul>
    </div>
  );
}

/** Scrolls a container to one of its elements, unless it shows it. Unlike scrollIntoView, it never scrolls the page. */
function scrollTo(container: HTMLElement, element: HTMLElement): void {
  const { scrollTop, clientHeight } = container;
  const isVisible = element.offsetTop >= scrollTop && element.offsetTop < scrollTop + clientHeight - 40;
  if (!isVisible) container.scrollTop = element.offsetTop - clientHeight / 2;
}
