/**
 * Writes a graph as an ONNX model: the few messages and fields of onnx.proto that are needed, by field number.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import protobuf from 'protobufjs/minimal.js';
import { bytesOf } from '../bits.ts';
import { type Attribute, type GraphNode, MICROSOFT, needed, onnxTypes, type Value } from '../trace/graph.ts';
import { sizeOf } from '../trace/shapes.ts';
import { expand } from './expansions.ts';

const IR_VERSION = 10;
/** The newest operator set whose semantics the graph's operations are written for. */
export const OPSET = 21;

const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

type Writer = protobuf.Writer;
const { Writer } = protobuf;

/** Field `id` holding bytes, a string or a nested message. */
const tag = (id: number) => (id << 3) | 2;
/** Field `id` holding an integer. */
const integerTag = (id: number) => id << 3;

export interface ModelParts {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly value: Value }[];
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
}

/**
 * The model that computes the outputs from the inputs; nodes that no output needs are left out. Every output
 * must be the result of a node, and inputs that are not needed stay as inputs.
 */
export function onnxModel({ name, inputs, outputs }: ModelParts): Uint8Array {
  const names = new Map<number, string>(inputs.map((input) => [input.value.id, input.name]));
  for (const output of outputs) names.set(output.value.id, output.name);
  const nameOf = (value: Value | undefined) =>
    value === undefined ? '' : (names.get(value.id) ?? `v${value.id}`);
  const { nodes, standIns } = expand(needed(outputs.map((output) => output.value)));
  for (const [standIn, value] of standIns) names.set(standIn.id, nameOf(value));
  const constants = new Set(
    nodes.flatMap((node) => node.inputs).filter((value) => value?.constant !== undefined),
  ) as Set<Value>;

  const model = Writer.create();
  model.uint32(integerTag(1)).int64(IR_VERSION);
  model.uint32(tag(2)).string('rfm-harness');
  const graph = model.uint32(tag(7)).fork();
  nodes.forEach((node, i) => {
    writeNode(graph.uint32(tag(1)).fork(), node, `${i}_${node.operation}`, nameOf);
    graph.ldelim();
  });
  graph.uint32(tag(2)).string(name);
  for (const value of constants) {
    writeConstant(graph.uint32(tag(5)).fork(), value, nameOf(value));
    graph.ldelim();
  }
  for (const [field, list] of [
    [11, inputs],
    [12, outputs],
  ] as const) {
    for (const entry of list) {
      writeValueInfo(graph.uint32(tag(field)).fork(), entry.name, entry.value);
      graph.ldelim();
    }
  }
  model.ldelim();
  for (const [domain, version] of [
    ['', OPSET],
    [MICROSOFT, 1],
  ] as const) {
    model.uint32(tag(8)).fork();
    model.uint32(tag(1)).string(domain).uint32(integerTag(2)).int64(version);
    model.ldelim();
  }
  return model.finish();
}

function writeNode(
  writer: Writer,
  node: GraphNode,
  name: string,
  nameOf: (value: Value | undefined) => string,
): void {
  for (const input of node.inputs) writer.uint32(tag(1)).string(nameOf(input));
  for (const output of node.outputs) writer.uint32(tag(2)).string(nameOf(output));
  writer.uint32(tag(3)).string(name);
  writer.uint32(tag(4)).string(node.operation);
  for (const [key, attribute] of Object.entries(node.attributes)) {
    writeAttribute(writer.uint32(tag(5)).fork(), key, attribute);
    writer.ldelim();
  }
  if (node.domain !== '') writer.uint32(tag(7)).string(node.domain);
}

function writeAttribute(writer: Writer, name: string, value: Attribute): void {
  writer.uint32(tag(1)).string(name);
  let type: number;
  if (typeof value === 'number') {
    type = attributeTypes.int;
    writer.uint32(integerTag(3)).int64(value);
  } else if (typeof value === 'string') {
    type = attributeTypes.string;
    writer.uint32(tag(4)).bytes(new TextEncoder().encode(value));
  } else if ('float' in value) {
    type = attributeTypes.float;
    writer.uint32((2 << 3) | 5).float(value.float);
  } else {
    type = attributeTypes.ints;
    for (const element of value) writer.uint32(integerTag(8)).int64(element);
  }
  writer.uint32(integerTag(20)).int32(type);
}

function writeConstant(writer: Writer, value: Value, name: string): void {
  const { constant, shape, type } = value;
  if (constant === undefined) throw new Error('not a constant');
  const size = sizeOf(shape);
  const data = constant.length === size ? constant : broadcast(constant, size);
  for (const length of shape) writer.uint32(integerTag(1)).int64(length);
  writer.uint32(integerTag(2)).int32(onnxTypes[type]);
  writer.uint32(tag(8)).string(name);
  writer.uint32(tag(9)).bytes(bytesOf(data));
}

function broadcast(uniform: NonNullable<Value['constant']>, size: number): NonNullable<Value['constant']> {
  if (uniform instanceof BigInt64Array) return new BigInt64Array(size).fill(uniform[0]);
  const Type = uniform.constructor as new (length: number) => Exclude<typeof uniform, BigInt64Array>;
  return new Type(size).fill(uniform[0]);
}

function writeValueInfo(writer: Writer, name: string, value: Value): void {
  writer.uint32(tag(1)).string(name);
  const tensor = writer.uint32(tag(2)).fork().uint32(tag(1)).fork();
  tensor.uint32(integerTag(1)).int32(onnxTypes[value.type]);
  const shape = tensor.uint32(tag(2)).fork();
  for (const length of value.shape) {
    shape.uint32(tag(1)).fork().uint32(integerTag(1)).int64(length).ldelim();
  }
  shape.ldelim();
  writer.ldelim().ldelim();
}
