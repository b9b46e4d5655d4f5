/**
 * The messages of an event file: the part of TensorFlow's definitions that a run needs, with their numbers.
 * Sources: tensorflow/core/util/event.proto, and tensorflow/core/framework/summary.proto, tensor.proto, tensor_shape.proto and
 * types.proto; tensorboard/plugins/hparams/plugin_data.proto and api.proto; google/protobuf/struct.proto.
 */

import protobuf from "protobufjs";

const definitions = `
  syntax = "proto3";

  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what {
      string file_version = 3;
      Summary summary = 5;
      SessionLog session_log = 7;
    }
  }
  message SessionLog {
    enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; }
    SessionStatus status = 1;
  }
  message Summary {
    message Value {
      string tag = 1;
      SummaryMetadata metadata = 9;
      oneof value {
        float simple_value = 2;
        TensorProto tensor = 8;
      }
    }
    repeated Value value = 1;
  }
  message SummaryMetadata {
    message PluginData { string plugin_name = 1; bytes content = 2; }
    PluginData plugin_data = 1;
    DataClass data_class = 4;
  }
  enum DataClass { DATA_CLASS_UNKNOWN = 0; DATA_CLASS_SCALAR = 1; DATA_CLASS_TENSOR = 2; DATA_CLASS_BLOB_SEQUENCE = 3; }
  message TensorProto {
    DataType dtype = 1;
    TensorShapeProto tensor_shape = 2;
    repeated bytes string_val = 8;
  }
  enum DataType { DT_INVALID = 0; DT_FLOAT = 1; DT_STRING = 7; }
  message TensorShapeProto {
    message Dim { int64 size = 1; }
    repeated Dim dim = 2;
  }

  message HParamsPluginData {
    int32 version = 1;
    oneof data {
      SessionStartInfo session_start_info = 3;
      SessionEndInfo session_end_info = 4;
    }
  }
  message SessionStartInfo {
    map<string, Value> hparams = 1;
    string group_name = 4;
    double start_time_secs = 5;
  }
  message SessionEndInfo {
    Status status = 1;
    double end_time_secs = 2;
  }
  enum Status { STATUS_UNKNOWN = 0; STATUS_SUCCESS = 1; STATUS_FAILURE = 2; STATUS_RUNNING = 3; }
  message Value {
    oneof kind { double number_value = 2; string string_value = 3; }
  }
`;

const { root } = protobuf.parse(definitions, { keepCase: true });
const eventType = root.lookupType("Event");
const hparamsType = root.lookupType("HParamsPluginData");

export interface Event {
  /** Seconds since 1970. */
  readonly wall_time: number;
  readonly step: number;
  readonly file_version?: string;
  readonly summary?: { readonly value: readonly SummaryValue[] };
  readonly session_log?: { readonly status: "START" };
}

export interface SummaryValue {
  readonly tag: string;
  readonly simple_value?: number;
  readonly tensor?: { readonly dtype: "DT_FLOAT" | "DT_STRING"; readonly tensor_shape: { readonly dim: readonly { readonly size: number }[] }; readonly string_val?: readonly Uint8Array[] };
  readonly metadata?: { readonly plugin_data: { readonly plugin_name: string; readonly content: Uint8Array }; readonly data_class?: "DATA_CLASS_TENSOR" };
}

export function encodeEvent(event: Event): Uint8Array {
  return eventType.encode(eventType.fromObject(event)).finish();
}

/** What an event of any writer says of steps. @throws when the bytes are no event. */
export function decodeEvent(bytes: Uint8Array): { readonly step: number; readonly isStart: boolean; readonly hasSummary: boolean } {
  const { step, session_log: session, summary } = eventType.toObject(eventType.decode(bytes), { longs: Number, enums: String }) as Partial<Event>;
  return { step: step ?? 0, isStart: session?.status === "START", hasSummary: summary !== undefined };
}

/** Markdown, which the TEXT tab shows. */
export function textSummary(tag: string, markdown: string): SummaryValue {
  return {
    tag,
    tensor: { dtype: "DT_STRING", tensor_shape: { dim: [] }, string_val: [Buffer.from(markdown)] },
    metadata: { plugin_data: { plugin_name: "text", content: new Uint8Array() }, data_class: "DATA_CLASS_TENSOR" },
  };
}

/** A run's row in the HPARAMS tab. @param started seconds since 1970. */
export function sessionStart(parameters: ReadonlyMap<string, string | number>, group: string, started: number): SummaryValue {
  const hparams = Object.fromEntries([...parameters].map(([name, value]) => [name, typeof value === "number" ? { number_value: value } : { string_value: value }]));
  return hparamsSummary("_hparams_/session_start_info", { session_start_info: { hparams, group_name: group, start_time_secs: started } });
}

/** @param ended seconds since 1970. */
export function sessionEnd(status: "STATUS_SUCCESS" | "STATUS_FAILURE", ended: number): SummaryValue {
  return hparamsSummary("_hparams_/session_end_info", { session_end_info: { status, end_time_secs: ended } });
}

/** The plugin reads the metadata alone; a tensor must be there all the same, and is empty. */
function hparamsSummary(tag: string, data: object): SummaryValue {
  const content = hparamsType.encode(hparamsType.fromObject({ version: 0, ...data })).finish();
  return {
    tag,
    tensor: { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 0 }] } },
    metadata: { plugin_data: { plugin_name: "hparams", content } },
  };
}
