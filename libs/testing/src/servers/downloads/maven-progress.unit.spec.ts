import { MavenProgress } from './maven-progress.ts';

const REPOSITORY = 'https://repository.example/maven2/org/example';

describe('MavenProgress', () => {
  it('shows the file and the megabytes of complete and partial downloads', () => {
    const progress = new MavenProgress();
    expect(progress.read(`Downloading from x: ${REPOSITORY}/a/1.0/a-1.0.jar`)).toBe(
      '0.0 MB so far: a-1.0.jar',
    );
    expect(progress.read('Progress (1): 1.5/3.0 MB')).toBe('1.5 MB so far: a-1.0.jar');
    expect(progress.read(`Downloaded from x: ${REPOSITORY}/a-1.0.jar (3.0 MB at 2 MB/s)`)).toBe(
      '3.0 MB so far: a-1.0.jar',
    );
  });

  it('adds up concurrent downloads', () => {
    const progress = new MavenProgress();
    expect(progress.read('Progress (2): 1.2/149 MB | 300 kB')).toMatch(/^1\.5 MB/);
  });

  it('never decreases', () => {
    const progress = new MavenProgress();
    progress.read('Progress (2): 9.0/10 MB | 2.0 MB');
    expect(progress.read(`Downloaded from x: ${REPOSITORY}/b.jar (2.0 MB at 1 MB/s)`)).toMatch(
      /^11\.0 MB/,
    );
  });

  it('ignores all other lines', () => {
    expect(new MavenProgress().read('[INFO] Scanning for projects...')).toBeUndefined();
  });
});
