/** `npx pnpm@10 mpi` installs Open MPI and MPICH in the user's cache folder, for the tests of @ansatz/parallel-mpi. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { folderOf, wheels } from "../plugins/parallel-mpi/src/installed-mpi.ts";

for (const [name, version] of Object.entries(wheels) as [keyof typeof wheels, string][]) {
  const folder = folderOf(name);
  if (existsSync(folder)) {
    console.log(`${name} ${version} is already installed.\n  ${folder}`);
    continue;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const partial = `${folder}.partial`; // a wheel may be moved: its programs find their libraries beside themselves
  rmSync(partial, { recursive: true, force: true });
  const steps = [
    ["python3", "-m", "venv", partial],
    [join(partial, "bin/python"), "-m", "pip", "install", "--quiet", `${name}==${version}`],
  ];
  const failed = steps.find(([program, ...words]) => spawnSync(program!, words, { stdio: "inherit" }).status !== 0);
  if (failed === undefined) {
    renameSync(partial, folder);
    console.log(`Installed ${name} ${version}.\n  ${folder}`);
  } else {
    console.error(`${name} ${version} is not installed, for the reason above. Run the command again.`);
    process.exitCode = 1;
  }
}
