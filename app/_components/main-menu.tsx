'use client';

import type { Route } from 'next';
import { usePathname } from 'next/navigation';
import { LinkPending } from './link-pending.tsx';
import { PageLink } from './page-link.tsx';

export type MenuPage = { path: Route; name: string };

/** The links of the header, of which one is marked as current. */
export function MainMenu({ pages }: { pages: readonly MenuPage[] }) {
  return <MenuOf pages={pages} path={usePathname()} />;
}

/**
 * The links of the header: beside each other on a wide screen, otherwise behind a button. As a popover they open without
 * JavaScript, and close on Escape and on a click elsewhere.
 *
 * @param props.path of the current page, if it is known already
 */
export function MenuOf({ pages, path }: { pages: readonly MenuPage[]; path?: string }) {
  return (
    <>
      <button type="button" className="menu-button order-last lg:hidden" popoverTarget="pages">
        Menu
      </button>
      {/* With another key it is closed: the layout stays while the page changes. */}
      <div key={path} id="pages" popover="auto" className="menu main-menu">
        {pages.map(({ path: to, name }) => (
          <PageLink key={to} className="nav-link" href={to} aria-current={currentOf(path, to)}>
            {name}
            <LinkPending />
          </PageLink>
        ))}
      </div>
    </>
  );
}

/** Pages below a page of the menu, such as a single post, belong to it. */
function currentOf(path: string | undefined, to: string): 'page' | 'true' | undefined {
  if (path === to) return 'page';
  return path?.startsWith(`${to}/`) ? 'true' : undefined;
}
