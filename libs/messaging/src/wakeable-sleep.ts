/**
 * Sleeps that `wake` ends before their time, all of them. A `wake` while nothing sleeps is kept: it
 * ends the next sleep immediately.
 */
export class WakeableSleep {
  private woken = false;
  private readonly sleepers = new Set<() => void>();

  wake(): void {
    this.woken = true;
    for (const wakeUp of this.sleepers) wakeUp();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const wakeUp = () => {
          clearTimeout(timer);
          this.sleepers.delete(wakeUp);
          resolve();
        };
        const timer = setTimeout(wakeUp, ms);
        this.sleepers.add(wakeUp);
      });
    }
    this.woken = false;
  }
}
