export { tfjsNode, type TfjsNodeOptions } from "./tfjs-node.ts";
