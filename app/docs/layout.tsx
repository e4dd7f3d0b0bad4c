import { type ReactNode, Suspense } from 'react';
import { DocsNavigation, NavigationOf } from './docs-navigation.tsx';
import { navigationId } from './ids.ts';
import { navigationGroups } from './navigation-groups.ts';
import './docs.css';

const groups = navigationGroups();

/** The navigation comes last, so that "Skip to content" skips it, too. The style sheet puts it first. */
export default function DocsLayout({ children }: { children: ReactNode }) {
  return (
    <div className="docs">
      <button type="button" className="docs-menu-button button-quiet" popoverTarget={navigationId}>
        All pages
      </button>
      <div className="docs-content">{children}</div>
      {/* A page whose address has parameters learns its path when it is requested. */}
      <Suspense fallback={<NavigationOf groups={groups} />}>
        <DocsNavigation groups={groups} />
      </Suspense>
    </div>
  );
}
