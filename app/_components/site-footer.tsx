import type { ReactNode } from 'react';
import { productTitle } from '#server/config/product-name.ts';
import { customFooterLinks } from '#server/custom/pages.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { PageLink } from './page-link.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

/** The ends of the product that are not in the menu, its version and licence, and the theme switch. */
export function SiteFooter() {
  return (
    <footer className="border-line border-t bg-surface text-muted text-sm">
      <div className="mx-auto flex max-w-6xl flex-wrap items-start gap-x-16 gap-y-8 px-4 py-10">
        <FooterList title="Developers">
          <PageLink href="/docs">Documentation</PageLink>
          <a href="/openapi.json">OpenAPI</a>
          <a href="/llms.txt">llms.txt</a>
          <PageLink href="/status">Status</PageLink>
        </FooterList>
        <FooterList title="Follow">
          <PageLink href="/feeds">Feeds</PageLink>
          <a href="/rss.xml">RSS</a>
          <a href="/atom.xml">Atom</a>
          <a href="/feed.json">JSON Feed</a>
        </FooterList>
        {customFooterLinks.length > 0 && (
          <FooterList title="About">
            {customFooterLinks.map(({ url, name }) => (
              <a key={url} href={url}>
                {name}
              </a>
            ))}
          </FooterList>
        )}
        <div className="ms-auto space-y-4 max-sm:ms-0 sm:text-end">
          <ThemeSwitch />
          <p>
            {productTitle} {packageJson.version}
            {'license' in packageJson && ` · ${packageJson.license} licence`}
          </p>
        </div>
      </div>
    </footer>
  );
}

function FooterList({ title, children }: { title: string; children: readonly ReactNode[] }) {
  const id = `footer-${title.toLowerCase()}`;
  return (
    <div className="min-w-32">
      <p id={id} className="mb-2 font-medium text-ink">
        {title}
      </p>
      <ul aria-labelledby={id}>
        {children.map((child, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
          <li key={index} className="footer-link">
            {child}
          </li>
        ))}
      </ul>
    </div>
  );
}
