/** `random`: uniform actions, the floor of every table. */
import { z } from 'zod';
import type { RandomStreamState } from '../engine/random.ts';
import { RandomStream } from '../engine/random.ts';
import type { AgentFactory } from './agent.ts';
import { trainingShape } from './config.ts';

const config = z.strictObject(trainingShape);
const constants = { batchSize: 1, randomSteps: 0, updatesPerStep: 0, replayCapacity: 1 };

export const random: AgentFactory<z.infer<typeof config>> = {
  name: 'random',
  description: 'Uniformly random actions; learns nothing',
  reference: 'baseline',
  config,
  presets: { paper: constants, laptop: constants, smoke: constants },
  async create(context) {
    const streams = { explore: context.random.split('explore'), exploit: context.random.split('exploit') };
    let actions = new Float32Array(0);
    return {
      async act(_observations, count, mode) {
        const length = count * context.action.size;
        if (actions.length !== length) actions = new Float32Array(length);
        return streams[mode].fillUniform(actions, -1, 1);
      },
      async update() {
        return {};
      },
      async save() {
        return { arrays: {}, values: { explore: streams.explore.state(), exploit: streams.exploit.state() } };
      },
      async load({ values }) {
        streams.explore = RandomStream.restore(values.explore as RandomStreamState);
        streams.exploit = RandomStream.restore(values.exploit as RandomStreamState);
      },
      async dispose() {},
    };
  },
};
