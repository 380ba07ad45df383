export { normuon, normuonWith, type NormuonOptions } from "./normuon.ts";
