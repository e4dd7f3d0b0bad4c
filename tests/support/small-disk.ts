import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A mounted disk that is small enough to fill. */
export type SmallDisk = {
  path: string;
  /** Fills the disk to the last byte. */
  fill(): void;
  /** Frees the filled space, or some bytes of it. */
  free(bytes?: number): void;
  close(): void;
};

/** Returns whether root may mount disks here: in most containers it may not. */
export function canMount(): boolean {
  try {
    mountSmallDisk(1).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Mounts a disk in memory.
 *
 * @throws Error with instructions if the process does not run as root, or may not mount
 */
export function mountSmallDisk(megabytes: number): SmallDisk {
  if (process.getuid?.() !== 0) {
    throw new Error('This test mounts a small disk to fill: run it as root on Linux.');
  }
  const path = mkdtempSync(join(tmpdir(), 'typed-bff-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path]);
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true });
    throw new Error(`mount failed: ${mounted.stderr}`);
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'w');
      try {
        for (let size = 64 * 1024; size >= 1; size /= 2) writeUntilFull(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    free(bytes) {
      if (bytes === undefined) rmSync(filler, { force: true });
      else truncateSync(filler, statSync(filler).size - bytes);
    },
    close() {
      spawnSync('umount', ['--lazy', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function writeUntilFull(file: number, block: Buffer): void {
  for (;;) {
    try {
      writeSync(file, block);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}

/** A disk that fails. */
export type FailingDisk = {
  path: string;
  /** Makes the file system read-only for open files, too, as the kernel does after an error of the disk. */
  fail(): void;
  /** Repairs the file system and mounts it again, as an operator does. No file of it may be open. */
  repair(): void;
  close(): void;
};

/**
 * Mounts an ext4 file system that lies in a file.
 *
 * @throws Error if the machine has no loop devices, or no tools for ext4
 */
export function mountFailingDisk(megabytes: number): FailingDisk {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-disk-'));
  const image = join(folder, 'image');
  const path = join(folder, 'mounted');
  mkdirSync(path);
  // PostgreSQL runs as another user.
  chmodSync(folder, 0o755);
  run('truncate', '--size', `${megabytes}M`, image);
  let device = '';
  function mount(): void {
    device = run('losetup', '--find', '--show', image).trim();
    run('mount', '-o', 'errors=remount-ro', device, path);
  }
  function close(): void {
    spawnSync('umount', ['--lazy', path]);
    if (device) spawnSync('losetup', ['--detach', device]);
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    run('mkfs.ext4', '-q', '-F', image);
    mount();
  } catch (error) {
    close();
    throw error;
  }
  return {
    path,
    fail() {
      writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'by a test');
    },
    repair() {
      run('umount', path);
      run('losetup', '--detach', device);
      // Exits with 1 if it repaired something.
      spawnSync('e2fsck', ['-f', '-y', image]);
      mount();
    },
    close,
  };
}

/** @throws Error with the message of the program */
function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${stderr ?? ''}`, { cause: error });
  return stdout;
}

/** Returns whether this machine can mount a disk that fails. */
export function canMountFailing(): boolean {
  try {
    const disk = mountFailingDisk(2);
    try {
      // In a container, /sys can be read-only.
      disk.fail();
    } finally {
      disk.close();
    }
    return true;
  } catch {
    return false;
  }
}
