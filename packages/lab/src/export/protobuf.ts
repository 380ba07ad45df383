import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Writes the fields of a protobuf message, each with its number. */
export class MessageWriter {
  readonly #writer = new BinaryWriter();

  double(field: number, value: number): this {
    this.#writer.tag(field, WireType.Bit64).double(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#writer.tag(field, WireType.Bit32).float(value);
    return this;
  }

  integer(field: number, value: number): this {
    this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }

  text(field: number, value: string): this {
    this.#writer.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }

  doubles(field: number, values: readonly number[]): this {
    const packed = new BinaryWriter();
    for (const value of values) packed.double(value);
    this.#writer.tag(field, WireType.LengthDelimited).bytes(packed.finish());
    return this;
  }

  message(field: number, write: (message: MessageWriter) => void): this {
    const inner = new MessageWriter();
    write(inner);
    this.#writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}
