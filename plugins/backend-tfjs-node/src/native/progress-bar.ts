import cliProgress from "cli-progress";

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/**
 * A progress bar in bytes, with the time that is left. In a terminal it is one line that is updated; elsewhere a line
 * is written now and then.
 */
export class ProgressBar {
  readonly #bar: cliProgress.SingleBar;

  constructor(title: string) {
    this.#bar = new cliProgress.SingleBar({
      format: (_options, { progress, value, total, eta }) =>
        `  ${title}  ${Math.floor(100 * progress)} %  ${mebibytes(value)} of ${mebibytes(total)} MiB` +
        (eta > 0 ? `  ${eta} s left` : ""),
      noTTYOutput: true,
      notTTYSchedule: 5_000,
      hideCursor: null,
      gracefulExit: false,
    });
  }

  /** Starts the bar, given the bytes that are already done and the total. */
  begin(done: number, total: number): void {
    this.#bar.start(total, done);
  }

  update(done: number): void {
    this.#bar.update(done);
  }

  /** Writes a line next to the bar. */
  note(text: string): void {
    this.#bar.stop();
    process.stderr.write(`  ${text}\n`);
  }

  end(): void {
    this.#bar.stop();
  }
}
