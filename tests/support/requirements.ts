/** Requirements of some tests on the machine: programs, a kernel interface, a user. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canInstallPackages, installPackages } from './debian.ts';

type Requirement = {
  title: string;
  /** The tests that are skipped without it, after "Skipped:". */
  tests: string;
  /** Returns its path or the folder of its programs; undefined if it is missing. */
  find(): string | undefined;
  /** Packages of Debian and Ubuntu. */
  debian?: readonly string[];
  /** Installs it without a package of the system. Runs where `npm test` installs packages. */
  install?: () => void;
  /** Arguments for `brew install`. */
  homebrew?: string;
  /** Environment variable for an installation in another place, and its value. */
  variable?: string;
  /** Instructions for a requirement that is not a package. */
  otherwise?: string;
};

const isRoot = process.getuid?.() === 0;
/** Chromium without windows and tabs. The same page takes it half the processor time. */
const headlessShell = '/usr/bin/chromium-headless-shell';
const folders = [
  ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
  '/usr/local/bin',
  '/usr/bin',
  '/usr/sbin',
  '/opt/homebrew/bin',
];

const inPath = (program: string): string | undefined =>
  folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
const existing = (...paths: (string | undefined)[]): string | undefined =>
  paths.find((path) => path !== undefined && existsSync(path));

/** Returns the path of a program if its --version has the expected text: other programs may have the same name. */
function withVersion(program: string, expected: string): string | undefined {
  const path = inPath(program);
  const { stdout } = spawnSync(path ?? program, ['--version'], { encoding: 'utf8' });
  return stdout?.includes(expected) ? path : undefined;
}

/** Returns the folder of PostgreSQL's programs, preferring the newest version. */
function findPostgres(): string | undefined {
  // As root the server needs a user of this name. The tests find its processes with ps.
  if (isRoot && spawnSync('id', ['-u', 'postgres']).status !== 0) return undefined;
  if (!inPath('ps')) return undefined;
  const numberIn = (folder: string) => Number(/\d+/.exec(folder)?.[0] ?? 0);
  const versions = [
    '/usr/lib/postgresql/*/bin',
    '/opt/homebrew/opt/postgresql@*/bin',
    '/usr/local/opt/postgresql@*/bin',
  ].flatMap((pattern) => globSync(pattern).sort((a, b) => numberIn(b) - numberIn(a)));
  return [process.env.POSTGRES_BIN, ...versions, ...folders].find(
    (folder) => folder !== undefined && existsSync(join(folder, 'initdb')),
  );
}

/** Returns the folder of the packages, if they were installed after the last change of the lockfile. */
function findOpenApiTools(): string | undefined {
  const installed = statSync('tests/openapi/node_modules/.package-lock.json', { throwIfNoEntry: false });
  const locked = statSync('tests/openapi/package-lock.json');
  return installed && installed.mtimeMs >= locked.mtimeMs ? 'tests/openapi/node_modules' : undefined;
}

function installOpenApiTools(): void {
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync('npm', ['ci', ...options, '--prefix', 'tests/openapi'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

export const requirements = {
  chromium: {
    title: 'Chromium or Chrome',
    tests: 'pages in a browser',
    find: () =>
      existing(
        process.env.CHROMIUM_PATH,
        headlessShell,
        '/usr/bin/chromium',
        '/usr/bin/chromium-browser',
        '/usr/bin/google-chrome-stable',
        '/usr/bin/google-chrome',
        '/usr/bin/microsoft-edge',
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
        'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      ),
    debian: ['chromium'],
    homebrew: '--cask google-chrome',
    variable: 'CHROMIUM_PATH to its path',
  },
  redis: {
    title: 'a Redis server',
    tests: 'rate limits, cached responses and webhooks shared by several instances',
    find: () => existing(process.env.REDIS_SERVER_PATH, inPath('redis-server')),
    debian: ['redis-server'],
    homebrew: 'redis',
    variable: 'REDIS_SERVER_PATH to its path',
  },
  postgres: {
    title: isRoot ? 'PostgreSQL with a user "postgres" to run it, and ps' : 'PostgreSQL, and ps',
    tests: 'mails stored in PostgreSQL',
    find: findPostgres,
    debian: ['postgresql', 'procps'],
    homebrew: 'postgresql@18',
    variable: 'POSTGRES_BIN to the folder of its programs',
  },
  haproxy: {
    title: 'HAProxy',
    tests: 'three instances behind a load balancer',
    find: () => existing(process.env.HAPROXY_PATH, inPath('haproxy')),
    debian: ['haproxy'],
    homebrew: 'haproxy',
    variable: 'HAPROXY_PATH to its path',
  },
  nginx: {
    title: 'nginx',
    tests: 'subscriptions behind nginx',
    find: () => existing(process.env.NGINX_PATH, inPath('nginx')),
    debian: ['nginx-light'],
    homebrew: 'nginx',
    variable: 'NGINX_PATH to its path',
  },
  newsboat: {
    title: 'newsboat',
    tests: 'the feeds in the reader newsboat',
    find: () => inPath('newsboat'),
    debian: ['newsboat'],
    homebrew: 'newsboat',
  },
  sfeed: {
    title: 'sfeed',
    tests: 'the feeds in the reader sfeed',
    find: () =>
      ['sfeed', 'sfeed_update', 'sfeed_plain', 'sfeed_web'].every(inPath) ? inPath('sfeed') : undefined,
    debian: ['sfeed'],
    homebrew: 'sfeed',
  },
  xmllint: {
    title: 'xmllint',
    tests: 'the feeds and the sitemap in the XML parser libxml2',
    find: () => inPath('xmllint'),
    debian: ['libxml2-utils'],
    homebrew: 'libxml2',
  },
  curl: {
    title: 'curl',
    tests: 'curl commands in the documentation, and feeds that sfeed fetches with curl',
    find: () => inPath('curl'),
    debian: ['curl'],
    homebrew: 'curl',
  },
  python: {
    title: 'Python 3',
    tests: 'Python samples in the documentation',
    find: () => inPath('python3'),
    debian: ['python3'],
    homebrew: 'python',
  },
  openssl: {
    title: 'openssl',
    tests: 'the example of a signed webhook in the documentation',
    find: () => inPath('openssl'),
    debian: ['openssl'],
    homebrew: 'openssl',
  },
  git: {
    title: 'a Git checkout, and git',
    tests: 'the image, and the scan of tracked files for secrets',
    find: () =>
      spawnSync('git', ['ls-files', '--error-unmatch', 'package.json']).status === 0
        ? inPath('git')
        : undefined,
    debian: ['git'],
    homebrew: 'git',
    otherwise: 'run the tests in a clone that belongs to the user who runs them',
  },
  gnuTar: {
    title: 'GNU tar',
    tests: 'how tar lists an archive of the GitHub stand-in',
    find: () => withVersion('tar', 'GNU tar'),
    debian: ['tar'],
    homebrew: 'gnu-tar',
    otherwise: 'put it first in PATH under the name tar',
  },
  script: {
    title: 'script of util-linux',
    tests: 'closing the terminal',
    find: () => withVersion('script', 'util-linux'),
    debian: ['bsdutils'],
    otherwise: 'run the tests on Linux',
  },
  taskset: {
    title: 'taskset of util-linux',
    tests: 'the benchmark contenders',
    find: () => withVersion('taskset', 'util-linux'),
    debian: ['util-linux'],
    otherwise: 'run the tests on Linux',
  },
  procfs: {
    title: '/proc of Linux',
    tests: 'memory, CPU time and open files of processes',
    find: () => existing('/proc/self/fd'),
    otherwise: 'run the tests on Linux',
  },
  setpriv: {
    title: 'setpriv of util-linux',
    tests: 'the image started as its own user',
    // Without root the image runs as the user who runs the tests.
    find: () => (isRoot ? withVersion('setpriv', 'util-linux') : process.execPath),
    debian: ['util-linux'],
    otherwise: 'run the tests without root',
  },
  openapiTools: {
    title: 'the packages of tests/openapi',
    tests: 'linters of the OpenAPI document, and clients generated from it',
    find: findOpenApiTools,
    install: installOpenApiTools,
    otherwise: 'npm ci --ignore-scripts --prefix tests/openapi',
  },
  root: {
    title: 'root on Linux',
    tests: 'a full disk, for which a small one is mounted, and little memory',
    find: () => (isRoot && process.platform === 'linux' ? inPath('mount') : undefined),
    otherwise: 'run the tests as root on Linux',
  },
} satisfies Record<string, Requirement>;

export type RequirementName = keyof typeof requirements;

const names = Object.keys(requirements).filter((name): name is RequirementName => name in requirements);
const requirement = (name: RequirementName): Requirement => requirements[name];
const missing = (): RequirementName[] => names.filter((name) => requirement(name).find() === undefined);

function howToGet(name: RequirementName): string {
  const { debian, homebrew, variable, otherwise } = requirement(name);
  const ways = [
    debian && `Debian and Ubuntu: apt-get install ${debian.join(' ')}`,
    homebrew && `Homebrew: brew install ${homebrew}`,
    variable && `or set ${variable}`,
    otherwise,
  ];
  return ways.filter(Boolean).join('; ');
}

/** Returns one line with the missing requirement, the skipped tests and how to install it. */
export function describeMissing(name: RequirementName): string {
  const { title, tests } = requirement(name);
  return `Missing: ${title}. Skipped: ${tests}. To get it: ${howToGet(name)}.`;
}

/** Returns the missing requirements. As root on Debian, installs them first. */
export function missingRequirements(): RequirementName[] {
  // In a call of its own: Ubuntu lacks this package, and apt-get installs nothing if it does not know a package.
  if (!process.env.CHROMIUM_PATH && !existsSync(headlessShell)) installPackages('chromium-headless-shell');
  installPackages(...new Set(missing().flatMap((name) => requirement(name).debian ?? [])));
  if (canInstallPackages()) for (const name of missing()) requirement(name).install?.();
  return missing();
}

/**
 * Returns the path of a requirement. As root on Debian, installs it if it is missing.
 *
 * @throws Error with installation instructions
 */
export function requirePath(name: RequirementName): string {
  const { title, find, debian, install } = requirement(name);
  const found = find();
  if (found) return found;
  installPackages(...(debian ?? []));
  if (canInstallPackages()) install?.();
  const installed = find();
  if (installed) return installed;
  throw new Error(`The tests need ${title} (${howToGet(name)}).`);
}
