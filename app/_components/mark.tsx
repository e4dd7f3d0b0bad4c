/** The mark of the product, as in the icon. It is beside the name, so it has none itself. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path
        d="M8 11h9M12.5 11v11M19 16h5M21.500 13v6.500a2.500 2.500 0 0 0 2.500 2.500"
        className="fill-none stroke-on-accent"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  );
}
