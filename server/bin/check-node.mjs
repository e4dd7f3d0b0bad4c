// Plain JavaScript, because it runs on a Node that cannot run the TypeScript of everything else.
const required = { major: 22, minor: 19 };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < required.major || (major === required.major && minor < required.minor)) {
  process.stderr.write(
    `typed-bff needs Node ${required.major}.${required.minor} or newer, and this is Node ${process.versions.node}. ` +
      'npm installs a newer one with the optional packages: run "npm ci --include=optional". ' +
      'Where that has no effect, install Node yourself: https://nodejs.org\n',
  );
  process.exit(1);
}
