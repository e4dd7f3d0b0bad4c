import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { searchId } from './ids.ts';

/** Lets the key `/` lead to the search field, on any page of the documentation. */
export function useSearchKey(): void {
  const router = useRouter();
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      event.preventDefault();
      const field = document.getElementById(searchId);
      if (field) field.focus();
      else router.push(`/docs#${searchId}`);
    }
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [router]);
}

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.matches('input:not([type="radio"]), textarea, select');
}
