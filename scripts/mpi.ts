/** `npx pnpm@10 mpi` installs MPICH in the user's cache folder, for the tests of @ansatz/parallel-mpi. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { mpichFolder, mpichVersion } from "../plugins/parallel-mpi/src/installed-mpi.ts";

const folder = mpichFolder();
if (existsSync(folder)) console.log(`MPICH ${mpichVersion} is already installed.\n  ${folder}`);
else {
  mkdirSync(dirname(folder), { recursive: true });
  const partial = `${folder}.partial`; // it may be moved: its programs find their libraries beside themselves
  rmSync(partial, { recursive: true, force: true });
  const steps = [
    ["python3", "-m", "venv", partial],
    [join(partial, "bin/python"), "-m", "pip", "install", "--quiet", `mpich==${mpichVersion}`],
  ];
  const failed = steps.find(([program, ...words]) => spawnSync(program!, words, { stdio: "inherit" }).status !== 0);
  if (failed === undefined) {
    renameSync(partial, folder);
    console.log(`Installed MPICH ${mpichVersion}.\n  ${folder}`);
  } else {
    console.error("MPICH is not installed, for the reason above. Run the command again.");
    process.exitCode = 1;
  }
}
