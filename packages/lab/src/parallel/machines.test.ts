/** A run on two machines: network namespaces that only TCP connects, with folders of their own. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folders, readFrom } from "../experiment/testing.ts";
import { hasMpi, Job, lossesOf, outcomeOf, shared } from "./testing.ts";

const newFolder = folders();
const machines = ["a", "b"].map((name) => `ansatz-${process.pid}-${name}`);
const addresses = ["10.77.0.1", "10.77.0.2"];
const link = (i: number) => `veth-${process.pid}-${i}`;

function system(command: string): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout.trim();
}

/** Makes the machines. False where the system does not allow it, as it does root on Linux. */
function connected(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !hasMpi()) return false;
  try {
    const hosts = ["127.0.0.1 localhost", ...machines.map((name, i) => `${addresses[i]} ${name}`)].join("\n");
    for (const name of machines) {
      system(`ip netns add ${name} && ip -n ${name} link set lo up`);
      mkdirSync(`/etc/netns/${name}`, { recursive: true });
      writeFileSync(`/etc/netns/${name}/hosts`, `${hosts}\n`);
    }
    system(`ip link add ${link(0)} netns ${machines[0]} type veth peer name ${link(1)} netns ${machines[1]}`);
    for (const [i, name] of machines.entries())
      system(`ip -n ${name} addr add ${addresses[i]}/24 dev ${link(i)} && ip -n ${name} link set ${link(i)} up`);
    return true;
  } catch {
    return false;
  }
}

afterAll(() => {
  for (const name of machines) {
    if (existsSync(`/etc/netns/${name}`)) spawnSync("ip", ["netns", "del", name]);
    rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
  }
});

const allowed = connected();
if (!allowed) console.warn("SKIPPED: two machines need root on Linux, with network namespaces and mpirun");

/** The words by which `mpirun` starts a rank on each machine. The second one has no folder of runs. */
function acrossMachines(folder: string): string[] {
  mkdirSync(join(folder, "runs"));
  const agent = join(folder, "agent");
  writeFileSync(
    agent,
    `#!/bin/sh
machine=$1; shift
case $machine in
  ${machines[0]}) prepare=: ;;
  *) prepare="mount -t tmpfs none ${join(folder, "runs")}" ;;
esac
exec ip netns exec $machine unshare --uts --mount sh -c "hostname $machine; $prepare; $*"
`,
  );
  chmodSync(agent, 0o755);
  const network = `${addresses[0]!.replace(/1$/, "0")}/24`;
  const mpirun = [
    ...["mpirun", "-np", "2", "--host", machines.map((name) => `${name}:1`).join()],
    ...["--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self"],
    ...["--mca", "btl_tcp_if_include", network, "--mca", "oob_tcp_if_include", network],
  ];
  return [agent, machines[0]!, ...mpirun];
}

test.skipIf(!allowed)(
  "two machines without a common folder learn what two processes do, bit for bit, and a run resumes there",
  async () => {
    const words = ["run", shared, "--parallel", "--backend", "cpu", "--folder", "runs/1", "--dropout", "0.3"];
    const [one, two] = [newFolder(), newFolder()];
    const local = new Job(2, words, one);
    expect(await local.end(), local.errors).toBe(0);
    const start = acrossMachines(two);
    const began = new Job(start, [...words, "--steps", "4"], two);
    expect(await began.end(), began.errors).toBe(0);
    const job = new Job(start, ["run", shared, "--parallel", "--resume", "runs/1", "--steps", "12"], two);
    expect(await job.end(), job.errors).toBe(0);
    expect(outcomeOf(join(two, "runs/1"))).toEqual(outcomeOf(join(one, "runs/1")));
    expect(readdirSync(join(two, "runs"))).toEqual(["1"]);
    expect(readFrom(join(two, "runs/1"), "run.json")["ranks"]).toBe(2);
    expect(lossesOf(join(two, "runs/1"))).toHaveLength(12);
    const sent = system(`ip netns exec ${machines[0]} cat /sys/class/net/${link(0)}/statistics/tx_bytes`);
    expect(Number(sent)).toBeGreaterThan(10_000);
  },
  600_000,
);
