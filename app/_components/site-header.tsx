import { Suspense } from 'react';
import { productTitle } from '#server/config/product-name.ts';
import { menuPages } from '#server/site/pages.ts';
import { AccountMenu } from './account-menu.tsx';
import { LinkPending } from './link-pending.tsx';
import { MainMenu, MenuOf } from './main-menu.tsx';
import { Mark } from './mark.tsx';
import { PageLink } from './page-link.tsx';

const pages = menuPages.map(({ path, name }) => ({ path, name }));

export function SiteHeader() {
  return (
    <header className="border-line border-b bg-surface">
      <nav aria-label="Main" className="mx-auto flex min-h-16 max-w-6xl items-center gap-x-5 px-4">
        <PageLink className="me-auto flex min-w-0 items-center gap-2.5 py-2 font-semibold" href="/">
          <Mark className="size-6 shrink-0" />
          <span className="truncate">{productTitle}</span>
          <LinkPending />
        </PageLink>
        {/* A page whose address has parameters learns its path when it is requested. */}
        <Suspense fallback={<MenuOf pages={pages} />}>
          <MainMenu pages={pages} />
        </Suspense>
        {/* Always of the same size, so that nothing moves when the menu arrives. */}
        <div className="h-10 w-24 shrink-0 text-end">
          <Suspense>
            <AccountMenu />
          </Suspense>
        </div>
      </nav>
    </header>
  );
}
