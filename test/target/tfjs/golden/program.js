// The trainer test of test.norm, compiled by Norm for TensorFlow.js.
// `slot` reads a parameter or a state, `update` says what it will be after the step, and `at` says where in the
// model the next calls stand. Every tensor is disposed after its last use, so that a step leaves nothing behind.

/**
 * @param {typeof import("@tensorflow/tfjs-core")} tf
 * @param {import("./runtime/tfjs/program.js").ProgramRuntime} runtime
 */
export function createProgram(tf, runtime) {
  const { at, input, slot, update } = runtime;

  /** encoder.0, encoder.1: forward. */
  function encoderInitialise(layer) {
    // {layer}.attention.before.scale
    const nextScale = tf.fill([64], 1);
    update(`${layer}.attention.before.scale`, nextScale);
    const nextM = tf.fill([64], 0);
    update(`${layer}.attention.before.scale.m`, nextM);
    const nextV = tf.fill([64], 0);
    update(`${layer}.attention.before.scale.v`, nextV);

    // {layer}.attention.before.shift
    const nextShift = tf.fill([64], 0);
    update(`${layer}.attention.before.shift`, nextShift);
    const nextM2 = tf.fill([64], 0);
    update(`${layer}.attention.before.shift.m`, nextM2);
    const nextV2 = tf.fill([64], 0);
    update(`${layer}.attention.before.shift.v`, nextV2);

    // {layer}.attention.w_query
    const wQueryNormal = runtime.normal(`${layer}.attention.w_query`, [64, 4, 16]);
    const nextWQuery = tf.mul(wQueryNormal, 0.05);
    update(`${layer}.attention.w_query`, nextWQuery);
    const nextM3 = tf.fill([64, 4, 16], 0);
    update(`${layer}.attention.w_query.m`, nextM3);
    const nextV3 = tf.fill([64, 4, 16], 0);
    update(`${layer}.attention.w_query.v`, nextV3);
    wQueryNormal.dispose();

    // {layer}.attention.w_keys
    const wKeysNormal = runtime.normal(`${layer}.attention.w_keys`, [64, 4, 16]);
    const nextWKeys = tf.mul(wKeysNormal, 0.05);
    update(`${layer}.attention.w_keys`, nextWKeys);
    const nextM4 = tf.fill([64, 4, 16], 0);
    update(`${layer}.attention.w_keys.m`, nextM4);
    const nextV4 = tf.fill([64, 4, 16], 0);
    update(`${layer}.attention.w_keys.v`, nextV4);
    wKeysNormal.dispose();

    // {layer}.attention.w_value
    const wValueNormal = runtime.normal(`${layer}.attention.w_value`, [64, 4, 16]);
    const nextWValue = tf.mul(wValueNormal, 0.05);
    update(`${layer}.attention.w_value`, nextWValue);
    const nextM5 = tf.fill([64, 4, 16], 0);
    update(`${layer}.attention.w_value.m`, nextM5);
    const nextV5 = tf.fill([64, 4, 16], 0);
    update(`${layer}.attention.w_value.v`, nextV5);
    wValueNormal.dispose();

    // {layer}.attention.w_out
    const wOutNormal = runtime.normal(`${layer}.attention.w_out`, [4, 16, 64]);
    const nextWOut = tf.mul(wOutNormal, 0.05);
    update(`${layer}.attention.w_out`, nextWOut);
    const nextM6 = tf.fill([4, 16, 64], 0);
    update(`${layer}.attention.w_out.m`, nextM6);
    const nextV6 = tf.fill([4, 16, 64], 0);
    update(`${layer}.attention.w_out.v`, nextV6);
    wOutNormal.dispose();

    // {layer}.mlp.before.scale
    const nextScale2 = tf.fill([64], 1);
    update(`${layer}.mlp.before.scale`, nextScale2);
    const nextM7 = tf.fill([64], 0);
    update(`${layer}.mlp.before.scale.m`, nextM7);
    const nextV7 = tf.fill([64], 0);
    update(`${layer}.mlp.before.scale.v`, nextV7);

    // {layer}.mlp.before.shift
    const nextShift2 = tf.fill([64], 0);
    update(`${layer}.mlp.before.shift`, nextShift2);
    const nextM8 = tf.fill([64], 0);
    update(`${layer}.mlp.before.shift.m`, nextM8);
    const nextV8 = tf.fill([64], 0);
    update(`${layer}.mlp.before.shift.v`, nextV8);

    // {layer}.mlp.expand.weight
    const weightNormal = runtime.normal(`${layer}.mlp.expand.weight`, [64, 256]);
    const nextWeight = tf.mul(weightNormal, 0.05);
    update(`${layer}.mlp.expand.weight`, nextWeight);
    const nextM9 = tf.fill([64, 256], 0);
    update(`${layer}.mlp.expand.weight.m`, nextM9);
    const nextV9 = tf.fill([64, 256], 0);
    update(`${layer}.mlp.expand.weight.v`, nextV9);
    weightNormal.dispose();

    // {layer}.mlp.expand.bias
    const nextBias = tf.fill([256], 0);
    update(`${layer}.mlp.expand.bias`, nextBias);
    const nextM10 = tf.fill([256], 0);
    update(`${layer}.mlp.expand.bias.m`, nextM10);
    const nextV10 = tf.fill([256], 0);
    update(`${layer}.mlp.expand.bias.v`, nextV10);

    // {layer}.mlp.contract.weight
    const weightNormal2 = runtime.normal(`${layer}.mlp.contract.weight`, [256, 64]);
    const nextWeight2 = tf.mul(weightNormal2, 0.05);
    update(`${layer}.mlp.contract.weight`, nextWeight2);
    const nextM11 = tf.fill([256, 64], 0);
    update(`${layer}.mlp.contract.weight.m`, nextM11);
    weightNormal2.dispose();
    const nextV11 = tf.fill([256, 64], 0);
    update(`${layer}.mlp.contract.weight.v`, nextV11);

    // {layer}.mlp.contract.bias
    const nextBias2 = tf.fill([64], 0);
    update(`${layer}.mlp.contract.bias`, nextBias2);
    const nextM12 = tf.fill([64], 0);
    update(`${layer}.mlp.contract.bias.m`, nextM12);
    const nextV12 = tf.fill([64], 0);
    update(`${layer}.mlp.contract.bias.v`, nextV12);
  }

  /** encoder.0, encoder.1: forward. */
  function encoderInTraining(layer, sum) {
    // {layer}.attention.before
    const beforeTotal = tf.sum(sum, -1, true);
    const beforeScaled = tf.mul(beforeTotal, 0.015625);
    const beforeDifference = tf.sub(sum, beforeScaled);
    const beforeSquare = tf.square(beforeDifference);
    const beforeTotal2 = tf.sum(beforeSquare, -1, true);
    const beforeScaled2 = tf.mul(beforeTotal2, 0.015625);
    const beforeSum = tf.add(beforeScaled2, 0.00001);
    const beforeInverseRoot = tf.rsqrt(beforeSum);
    const beforeScaled3 = tf.mul(beforeDifference, beforeInverseRoot);
    const scale = slot(`${layer}.attention.before.scale`);
    const beforeScaled4 = tf.mul(beforeScaled3, scale);
    const shift = slot(`${layer}.attention.before.shift`);
    const beforeSum2 = tf.add(beforeScaled4, shift);
    tf.dispose([
      beforeTotal,
      beforeScaled,
      beforeSquare,
      beforeTotal2,
      beforeScaled2,
      beforeSum,
      beforeDifference,
      beforeInverseRoot,
      beforeScaled3,
      beforeScaled4,
    ]);

    // {layer}.attention
    const beforeSumReshaped = tf.reshape(beforeSum2, [2176, 64]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [64, 64]);
    const wQueryProduct = tf.matMul(beforeSumReshaped, wQueryReshaped);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [64, 64]);
    const wKeysProduct = tf.matMul(beforeSumReshaped, wKeysReshaped);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [64, 64]);
    const wValueProduct = tf.matMul(beforeSumReshaped, wValueReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProduct, [128, 17, 4, 16]);
    const wQueryProductTransposed = tf.transpose(wQueryProductReshaped, [0, 2, 1, 3]);
    const wKeysProductReshaped = tf.reshape(wKeysProduct, [128, 17, 4, 16]);
    const wKeysProductTransposed = tf.transpose(wKeysProductReshaped, [0, 2, 1, 3]);
    const attentionProduct = tf.matMul(
      wQueryProductTransposed,
      wKeysProductTransposed,
      false,
      true,
    );
    const attentionScaled = tf.mul(attentionProduct, 0.25);
    const attentionMaximum = tf.max(attentionScaled, -1, true);
    const attentionStopped = runtime.stopGradient(attentionMaximum);
    tf.dispose([
      beforeSum2,
      wQueryReshaped,
      wKeysReshaped,
      beforeSumReshaped,
      wValueReshaped,
      wQueryProduct,
      wQueryProductReshaped,
      wKeysProduct,
      wKeysProductReshaped,
      wQueryProductTransposed,
      wKeysProductTransposed,
      attentionProduct,
      attentionMaximum,
    ]);
    const attentionDifference = tf.sub(attentionScaled, attentionStopped);
    const attentionExponential = runtime.expOfNonPositive(attentionDifference);
    const attentionTotal = tf.sum(attentionExponential, -1, true);
    const attentionQuotient = tf.div(attentionExponential, attentionTotal);
    const wValueProductReshaped = tf.reshape(wValueProduct, [128, 17, 4, 16]);
    const wValueProductTransposed = tf.transpose(wValueProductReshaped, [0, 2, 1, 3]);
    const attentionProduct2 = tf.matMul(attentionQuotient, wValueProductTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [0, 2, 1, 3]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [2176, 64]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [64, 64]);
    const wOutProduct = tf.matMul(attentionProductReshaped, wOutReshaped);
    const wOutProductReshaped = tf.reshape(wOutProduct, [128, 17, 64]);
    tf.dispose([
      attentionScaled,
      attentionStopped,
      attentionDifference,
      attentionExponential,
      attentionTotal,
      wValueProduct,
      wValueProductReshaped,
      attentionQuotient,
      wValueProductTransposed,
      attentionProduct2,
      attentionProductTransposed,
      attentionProductReshaped,
      wOutReshaped,
      wOutProduct,
    ]);
    const attentionSum = tf.add(sum, wOutProductReshaped);
    tf.dispose([sum, wOutProductReshaped]);

    // {layer}.mlp.before
    const beforeTotal3 = tf.sum(attentionSum, -1, true);
    const beforeScaled5 = tf.mul(beforeTotal3, 0.015625);
    const beforeDifference2 = tf.sub(attentionSum, beforeScaled5);
    const beforeSquare2 = tf.square(beforeDifference2);
    const beforeTotal4 = tf.sum(beforeSquare2, -1, true);
    const beforeScaled6 = tf.mul(beforeTotal4, 0.015625);
    const beforeSum3 = tf.add(beforeScaled6, 0.00001);
    const beforeInverseRoot2 = tf.rsqrt(beforeSum3);
    const beforeScaled7 = tf.mul(beforeDifference2, beforeInverseRoot2);
    const scale2 = slot(`${layer}.mlp.before.scale`);
    const beforeScaled8 = tf.mul(beforeScaled7, scale2);
    const shift2 = slot(`${layer}.mlp.before.shift`);
    const beforeSum4 = tf.add(beforeScaled8, shift2);
    tf.dispose([
      beforeTotal3,
      beforeScaled5,
      beforeSquare2,
      beforeTotal4,
      beforeScaled6,
      beforeSum3,
      beforeDifference2,
      beforeInverseRoot2,
      beforeScaled7,
      beforeScaled8,
    ]);

    // {layer}.mlp
    const beforeSumReshaped2 = tf.reshape(beforeSum4, [2176, 64]);
    const weight = slot(`${layer}.mlp.expand.weight`);
    const weightProduct = tf.matMul(beforeSumReshaped2, weight);
    const bias = slot(`${layer}.mlp.expand.bias`);
    const mlpSum = tf.add(weightProduct, bias);
    tf.dispose([beforeSum4, beforeSumReshaped2, weightProduct]);
    const mlpScaled = tf.mul(mlpSum, 0.5);
    const mlpScaled2 = tf.mul(mlpSum, 0.7071067811865476);
    mlpSum.dispose();
    const mlpErf = tf.erf(mlpScaled2);
    mlpScaled2.dispose();
    const mlpSum2 = tf.add(mlpErf, 1);
    mlpErf.dispose();
    const mlpScaled3 = tf.mul(mlpScaled, mlpSum2);
    tf.dispose([mlpScaled, mlpSum2]);
    const weight2 = slot(`${layer}.mlp.contract.weight`);
    const weightProduct2 = tf.matMul(mlpScaled3, weight2);
    const bias2 = slot(`${layer}.mlp.contract.bias`);
    const mlpSum3 = tf.add(weightProduct2, bias2);
    const mlpSumReshaped = tf.reshape(mlpSum3, [128, 17, 64]);
    const mlpSum4 = tf.add(attentionSum, mlpSumReshaped);
    tf.dispose([mlpScaled3, weightProduct2, mlpSum3, attentionSum, mlpSumReshaped]);
    return mlpSum4;
  }

  /** encoder.0, encoder.1: forward. */
  function encoderForward(layer, sum) {
    at(0, `${layer}.attention.before`);
    const beforeTotal = tf.sum(sum, -1, true);
    const beforeScaled = tf.mul(beforeTotal, 0.015625);
    const beforeDifference = tf.sub(sum, beforeScaled);
    const beforeSquare = tf.square(beforeDifference);
    const beforeTotal2 = tf.sum(beforeSquare, -1, true);
    const beforeScaled2 = tf.mul(beforeTotal2, 0.015625);
    const beforeSum = tf.add(beforeScaled2, 0.00001);
    const beforeInverseRoot = tf.rsqrt(beforeSum);
    const beforeScaled3 = tf.mul(beforeDifference, beforeInverseRoot);
    const scale = slot(`${layer}.attention.before.scale`);
    const beforeScaled4 = tf.mul(beforeScaled3, scale);
    const shift = slot(`${layer}.attention.before.shift`);
    const beforeSum2 = tf.add(beforeScaled4, shift);
    tf.dispose([
      beforeTotal,
      beforeScaled,
      beforeSquare,
      beforeTotal2,
      beforeScaled2,
      beforeSum,
      beforeScaled4,
    ]);

    at(1, `${layer}.attention`);
    const beforeSumReshaped = tf.reshape(beforeSum2, [2176, 64]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [64, 64]);
    const wQueryProduct = tf.matMul(beforeSumReshaped, wQueryReshaped);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [64, 64]);
    const wKeysProduct = tf.matMul(beforeSumReshaped, wKeysReshaped);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [64, 64]);
    const wValueProduct = tf.matMul(beforeSumReshaped, wValueReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProduct, [128, 17, 4, 16]);
    const wQueryProductTransposed = tf.transpose(wQueryProductReshaped, [0, 2, 1, 3]);
    const wKeysProductReshaped = tf.reshape(wKeysProduct, [128, 17, 4, 16]);
    const wKeysProductTransposed = tf.transpose(wKeysProductReshaped, [0, 2, 1, 3]);
    const attentionProduct = tf.matMul(
      wQueryProductTransposed,
      wKeysProductTransposed,
      false,
      true,
    );
    const attentionScaled = tf.mul(attentionProduct, 0.25);
    const attentionMaximum = tf.max(attentionScaled, -1, true);
    const attentionDifference = tf.sub(attentionScaled, attentionMaximum);
    const attentionExponential = runtime.expOfNonPositive(attentionDifference);
    const attentionTotal = tf.sum(attentionExponential, -1, true);
    const attentionQuotient = tf.div(attentionExponential, attentionTotal);
    const wValueProductReshaped = tf.reshape(wValueProduct, [128, 17, 4, 16]);
    const wValueProductTransposed = tf.transpose(wValueProductReshaped, [0, 2, 1, 3]);
    const attentionProduct2 = tf.matMul(attentionQuotient, wValueProductTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [0, 2, 1, 3]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [2176, 64]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [64, 64]);
    const wOutProduct = tf.matMul(attentionProductReshaped, wOutReshaped);
    const wOutProductReshaped = tf.reshape(wOutProduct, [128, 17, 64]);
    const attentionSum = tf.add(sum, wOutProductReshaped);
    tf.dispose([
      wQueryReshaped,
      wKeysReshaped,
      beforeSumReshaped,
      wValueReshaped,
      wQueryProduct,
      wQueryProductReshaped,
      wKeysProduct,
      wKeysProductReshaped,
      attentionProduct,
      attentionScaled,
      attentionMaximum,
      attentionDifference,
      wValueProduct,
      wValueProductReshaped,
      attentionProductTransposed,
      attentionProductReshaped,
      wOutReshaped,
      wOutProduct,
      sum,
      wOutProductReshaped,
    ]);

    at(2, `${layer}.mlp.before`);
    const beforeTotal3 = tf.sum(attentionSum, -1, true);
    const beforeScaled5 = tf.mul(beforeTotal3, 0.015625);
    const beforeDifference2 = tf.sub(attentionSum, beforeScaled5);
    const beforeSquare2 = tf.square(beforeDifference2);
    const beforeTotal4 = tf.sum(beforeSquare2, -1, true);
    const beforeScaled6 = tf.mul(beforeTotal4, 0.015625);
    const beforeSum3 = tf.add(beforeScaled6, 0.00001);
    const beforeInverseRoot2 = tf.rsqrt(beforeSum3);
    const beforeScaled7 = tf.mul(beforeDifference2, beforeInverseRoot2);
    const scale2 = slot(`${layer}.mlp.before.scale`);
    const beforeScaled8 = tf.mul(beforeScaled7, scale2);
    const shift2 = slot(`${layer}.mlp.before.shift`);
    const beforeSum4 = tf.add(beforeScaled8, shift2);
    tf.dispose([
      beforeTotal3,
      beforeScaled5,
      beforeSquare2,
      beforeTotal4,
      beforeScaled6,
      beforeSum3,
      beforeScaled8,
    ]);

    at(3, `${layer}.mlp`);
    const beforeSumReshaped2 = tf.reshape(beforeSum4, [2176, 64]);
    const weight = slot(`${layer}.mlp.expand.weight`);
    const weightProduct = tf.matMul(beforeSumReshaped2, weight);
    const bias = slot(`${layer}.mlp.expand.bias`);
    const mlpSum = tf.add(weightProduct, bias);
    const mlpScaled = tf.mul(mlpSum, 0.5);
    const mlpScaled2 = tf.mul(mlpSum, 0.7071067811865476);
    const mlpErf = tf.erf(mlpScaled2);
    const mlpSum2 = tf.add(mlpErf, 1);
    tf.dispose([beforeSumReshaped2, weightProduct, mlpSum, mlpErf]);
    const mlpScaled3 = tf.mul(mlpScaled, mlpSum2);
    const weight2 = slot(`${layer}.mlp.contract.weight`);
    const weightProduct2 = tf.matMul(mlpScaled3, weight2);
    const bias2 = slot(`${layer}.mlp.contract.bias`);
    const mlpSum3 = tf.add(weightProduct2, bias2);
    const mlpSumReshaped = tf.reshape(mlpSum3, [128, 17, 64]);
    const mlpSum4 = tf.add(attentionSum, mlpSumReshaped);
    tf.dispose([weightProduct2, mlpSum3, attentionSum, mlpSumReshaped]);
    return {
      beforeDifference,
      beforeInverseRoot,
      beforeScaled3,
      beforeSum2,
      wQueryProductTransposed,
      wKeysProductTransposed,
      attentionExponential,
      attentionTotal,
      attentionQuotient,
      wValueProductTransposed,
      attentionProduct2,
      beforeDifference2,
      beforeInverseRoot2,
      beforeScaled7,
      beforeSum4,
      mlpScaled,
      mlpScaled2,
      mlpSum2,
      mlpScaled3,
      mlpSum4,
    };
  }

  /** encoder.1, encoder.0: backward. */
  function encoderBackward(
    layer,
    {
      gradientSum,
      mlpScaled3,
      mlpSum2,
      mlpScaled,
      mlpScaled2,
      beforeSum4,
      beforeScaled7,
      beforeInverseRoot2,
      beforeDifference2,
      attentionProduct2,
      wValueProductTransposed,
      attentionQuotient,
      attentionTotal,
      attentionExponential,
      wKeysProductTransposed,
      wQueryProductTransposed,
      beforeSum2,
      beforeScaled3,
      beforeInverseRoot,
      beforeDifference,
    },
  ) {
    at(4, `${layer}.mlp`);
    const gradientSumReshaped = tf.reshape(gradientSum, [2176, 64]);
    const gradientSumTransposed = tf.transpose(gradientSumReshaped, [1, 0]);
    const biasGradient = tf.sum(gradientSumTransposed, -1);
    const weight = slot(`${layer}.mlp.contract.weight`);
    const weightTransposed = tf.transpose(weight, [1, 0]);
    const gradientProduct = tf.matMul(gradientSumReshaped, weightTransposed);
    const mlpScaledTransposed = tf.transpose(mlpScaled3, [1, 0]);
    const weightGradient = tf.matMul(mlpScaledTransposed, gradientSumReshaped);
    tf.dispose([
      gradientSumTransposed,
      weightTransposed,
      mlpScaled3,
      gradientSumReshaped,
      mlpScaledTransposed,
    ]);
    const gradientScaled = tf.mul(gradientProduct, mlpSum2);
    const gradientScaled2 = tf.mul(gradientProduct, mlpScaled);
    tf.dispose([mlpSum2, gradientProduct, mlpScaled]);
    const gradientSquare = tf.square(mlpScaled2);
    const gradientNegated = tf.neg(gradientSquare);
    tf.dispose([mlpScaled2, gradientSquare]);
    const gradientExponential = runtime.expOfNonPositive(gradientNegated);
    const gradientScaled3 = tf.mul(gradientExponential, 1.1283791670955126);
    const gradientScaled4 = tf.mul(gradientScaled2, gradientScaled3);
    tf.dispose([gradientNegated, gradientExponential, gradientScaled2, gradientScaled3]);
    const gradientScaled5 = tf.mul(gradientScaled4, 0.7071067811865476);
    const gradientScaled6 = tf.mul(gradientScaled, 0.5);
    const gradientSum2 = tf.add(gradientScaled5, gradientScaled6);
    const gradientSumTransposed2 = tf.transpose(gradientSum2, [1, 0]);
    const biasGradient2 = tf.sum(gradientSumTransposed2, -1);
    const weight2 = slot(`${layer}.mlp.expand.weight`);
    const weightTransposed2 = tf.transpose(weight2, [1, 0]);
    const gradientProduct2 = tf.matMul(gradientSum2, weightTransposed2);
    const beforeSumReshaped = tf.reshape(beforeSum4, [2176, 64]);
    tf.dispose([
      gradientScaled4,
      gradientScaled,
      gradientScaled5,
      gradientScaled6,
      gradientSum2,
      weightTransposed2,
      beforeSum4,
    ]);
    const gradientProduct3 = tf.matMul(gradientSumTransposed2, beforeSumReshaped);
    const weightGradient2 = tf.transpose(gradientProduct3, [1, 0]);
    tf.dispose([gradientSumTransposed2, beforeSumReshaped, gradientProduct3]);

    at(5, `${layer}.mlp.before`);
    const shiftGradient = tf.sum(gradientProduct2, 0);
    const scale = slot(`${layer}.mlp.before.scale`);
    const gradientScaled7 = tf.mul(gradientProduct2, scale);
    const beforeScaledReshaped = tf.reshape(beforeScaled7, [2176, 64]);
    const gradientScaled8 = tf.mul(gradientProduct2, beforeScaledReshaped);
    const scaleGradient = tf.sum(gradientScaled8, 0);
    const beforeInverseRootReshaped = tf.reshape(beforeInverseRoot2, [2176, 1]);
    const gradientScaled9 = tf.mul(gradientScaled7, beforeInverseRootReshaped);
    const beforeDifferenceReshaped = tf.reshape(beforeDifference2, [2176, 64]);
    const gradientScaled10 = tf.mul(gradientScaled7, beforeDifferenceReshaped);
    const gradientTotal = tf.sum(gradientScaled10, -1, true);
    const gradientScaled11 = tf.mul(gradientTotal, -0.5);
    const gradientSquare2 = tf.square(beforeInverseRoot2);
    const gradientScaled12 = tf.mul(beforeInverseRoot2, gradientSquare2);
    const gradientScaledReshaped = tf.reshape(gradientScaled12, [2176, 1]);
    const gradientScaled13 = tf.mul(gradientScaled11, gradientScaledReshaped);
    const gradientScaled14 = tf.mul(gradientScaled13, 0.015625);
    const gradientScaled15 = tf.mul(beforeDifference2, 2);
    const gradientScaledReshaped2 = tf.reshape(gradientScaled14, [128, 17, 1]);
    const gradientScaled16 = tf.mul(gradientScaledReshaped2, gradientScaled15);
    const gradientScaledReshaped3 = tf.reshape(gradientScaled16, [2176, 64]);
    const gradientSum3 = tf.add(gradientScaled9, gradientScaledReshaped3);
    const gradientTotal2 = tf.sum(gradientSum3, -1, true);
    const gradientSumReshaped2 = tf.reshape(gradientSum3, [128, 17, 64]);
    const gradientSum4 = tf.add(gradientSum, gradientSumReshaped2);
    const gradientScaled17 = tf.mul(gradientTotal2, -0.015625);
    const gradientScaledReshaped4 = tf.reshape(gradientScaled17, [128, 17, 1]);
    const gradientSum5 = tf.add(gradientSum4, gradientScaledReshaped4);
    tf.dispose([
      beforeScaled7,
      gradientProduct2,
      beforeScaledReshaped,
      gradientScaled8,
      beforeInverseRootReshaped,
      gradientScaled7,
      beforeDifferenceReshaped,
      gradientScaled10,
      gradientTotal,
      beforeInverseRoot2,
      gradientSquare2,
      gradientScaled12,
      gradientScaled11,
      gradientScaledReshaped,
      gradientScaled13,
      beforeDifference2,
      gradientScaled14,
      gradientScaled15,
      gradientScaledReshaped2,
      gradientScaled16,
      gradientScaled9,
      gradientScaledReshaped3,
      gradientSum3,
      gradientSum,
      gradientSumReshaped2,
      gradientTotal2,
      gradientScaled17,
      gradientSum4,
      gradientScaledReshaped4,
    ]);

    at(6, `${layer}.attention`);
    const gradientSumReshaped3 = tf.reshape(gradientSum5, [2176, 64]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [64, 64]);
    const wOutTransposed = tf.transpose(wOutReshaped, [1, 0]);
    const gradientProduct4 = tf.matMul(gradientSumReshaped3, wOutTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [1, 3, 0, 2]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [64, 2176]);
    const gradientProduct5 = tf.matMul(attentionProductReshaped, gradientSumReshaped3);
    const wOutGradient = tf.reshape(gradientProduct5, [4, 16, 64]);
    const gradientProductReshaped = tf.reshape(gradientProduct4, [128, 17, 4, 16]);
    const gradientProductTransposed = tf.transpose(gradientProductReshaped, [0, 2, 1, 3]);
    const gradientProduct6 = tf.matMul(
      gradientProductTransposed,
      wValueProductTransposed,
      false,
      true,
    );
    const gradientProduct7 = tf.matMul(gradientProductTransposed, attentionQuotient, true, false);
    const gradientQuotient = tf.div(gradientProduct6, attentionTotal);
    const gradientQuotient2 = tf.div(attentionQuotient, attentionTotal);
    const gradientScaled18 = tf.mul(gradientProduct6, gradientQuotient2);
    const gradientTotal3 = tf.sum(gradientScaled18, -1, true);
    const gradientDifference = tf.sub(gradientQuotient, gradientTotal3);
    const gradientScaled19 = tf.mul(gradientDifference, attentionExponential);
    const gradientScaled20 = tf.mul(gradientScaled19, 0.25);
    const gradientProduct8 = tf.matMul(gradientScaled20, wKeysProductTransposed);
    const gradientProduct9 = tf.matMul(gradientScaled20, wQueryProductTransposed, true, false);
    const gradientProductReshaped2 = tf.reshape(gradientProduct7, [128, 64, 17]);
    const gradientProductTransposed2 = tf.transpose(gradientProductReshaped2, [0, 2, 1]);
    const gradientProductReshaped3 = tf.reshape(gradientProductTransposed2, [2176, 64]);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [64, 64]);
    const wValueTransposed = tf.transpose(wValueReshaped, [1, 0]);
    const gradientProduct10 = tf.matMul(gradientProductReshaped3, wValueTransposed);
    const beforeSumReshaped2 = tf.reshape(beforeSum2, [2176, 64]);
    const beforeSumTransposed = tf.transpose(beforeSumReshaped2, [1, 0]);
    const gradientProduct11 = tf.matMul(beforeSumTransposed, gradientProductReshaped3);
    const wValueGradient = tf.reshape(gradientProduct11, [64, 4, 16]);
    const gradientProductTransposed3 = tf.transpose(gradientProduct9, [0, 2, 1, 3]);
    const gradientProductReshaped4 = tf.reshape(gradientProductTransposed3, [2176, 64]);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [64, 64]);
    const wKeysTransposed = tf.transpose(wKeysReshaped, [1, 0]);
    const gradientProduct12 = tf.matMul(gradientProductReshaped4, wKeysTransposed);
    const gradientProduct13 = tf.matMul(beforeSumTransposed, gradientProductReshaped4);
    const wKeysGradient = tf.reshape(gradientProduct13, [64, 4, 16]);
    const gradientSum6 = tf.add(gradientProduct10, gradientProduct12);
    const gradientProductTransposed4 = tf.transpose(gradientProduct8, [0, 2, 1, 3]);
    const gradientProductReshaped5 = tf.reshape(gradientProductTransposed4, [2176, 64]);
    tf.dispose([
      wOutReshaped,
      wOutTransposed,
      attentionProduct2,
      attentionProductTransposed,
      gradientSumReshaped3,
      attentionProductReshaped,
      gradientProduct5,
      gradientProduct4,
      gradientProductReshaped,
      wValueProductTransposed,
      gradientProductTransposed,
      attentionQuotient,
      attentionTotal,
      gradientProduct6,
      gradientQuotient2,
      gradientScaled18,
      gradientQuotient,
      gradientTotal3,
      gradientDifference,
      attentionExponential,
      gradientScaled19,
      wKeysProductTransposed,
      gradientScaled20,
      wQueryProductTransposed,
      gradientProduct7,
      gradientProductReshaped2,
      gradientProductTransposed2,
      wValueReshaped,
      wValueTransposed,
      beforeSum2,
      beforeSumReshaped2,
      gradientProductReshaped3,
      gradientProduct11,
      gradientProduct9,
      gradientProductTransposed3,
      wKeysReshaped,
      wKeysTransposed,
      gradientProductReshaped4,
      gradientProduct13,
      gradientProduct10,
      gradientProduct12,
      gradientProduct8,
      gradientProductTransposed4,
    ]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [64, 64]);
    const wQueryTransposed = tf.transpose(wQueryReshaped, [1, 0]);
    const gradientProduct14 = tf.matMul(gradientProductReshaped5, wQueryTransposed);
    const gradientProduct15 = tf.matMul(beforeSumTransposed, gradientProductReshaped5);
    const wQueryGradient = tf.reshape(gradientProduct15, [64, 4, 16]);
    const gradientSum7 = tf.add(gradientSum6, gradientProduct14);
    tf.dispose([
      wQueryReshaped,
      wQueryTransposed,
      beforeSumTransposed,
      gradientProductReshaped5,
      gradientProduct15,
      gradientSum6,
      gradientProduct14,
    ]);

    at(7, `${layer}.attention.before`);
    const shiftGradient2 = tf.sum(gradientSum7, 0);
    const scale2 = slot(`${layer}.attention.before.scale`);
    const gradientScaled21 = tf.mul(gradientSum7, scale2);
    const beforeScaledReshaped2 = tf.reshape(beforeScaled3, [2176, 64]);
    const gradientScaled22 = tf.mul(gradientSum7, beforeScaledReshaped2);
    const scaleGradient2 = tf.sum(gradientScaled22, 0);
    const beforeInverseRootReshaped2 = tf.reshape(beforeInverseRoot, [2176, 1]);
    const gradientScaled23 = tf.mul(gradientScaled21, beforeInverseRootReshaped2);
    const beforeDifferenceReshaped2 = tf.reshape(beforeDifference, [2176, 64]);
    const gradientScaled24 = tf.mul(gradientScaled21, beforeDifferenceReshaped2);
    const gradientTotal4 = tf.sum(gradientScaled24, -1, true);
    const gradientScaled25 = tf.mul(gradientTotal4, -0.5);
    const gradientSquare3 = tf.square(beforeInverseRoot);
    const gradientScaled26 = tf.mul(beforeInverseRoot, gradientSquare3);
    const gradientScaledReshaped5 = tf.reshape(gradientScaled26, [2176, 1]);
    const gradientScaled27 = tf.mul(gradientScaled25, gradientScaledReshaped5);
    const gradientScaled28 = tf.mul(gradientScaled27, 0.015625);
    const gradientScaled29 = tf.mul(beforeDifference, 2);
    const gradientScaledReshaped6 = tf.reshape(gradientScaled28, [128, 17, 1]);
    const gradientScaled30 = tf.mul(gradientScaledReshaped6, gradientScaled29);
    const gradientScaledReshaped7 = tf.reshape(gradientScaled30, [2176, 64]);
    const gradientSum8 = tf.add(gradientScaled23, gradientScaledReshaped7);
    const gradientTotal5 = tf.sum(gradientSum8, -1, true);
    const gradientSumReshaped4 = tf.reshape(gradientSum8, [128, 17, 64]);
    const gradientSum9 = tf.add(gradientSum5, gradientSumReshaped4);
    const gradientScaled31 = tf.mul(gradientTotal5, -0.015625);
    const gradientScaledReshaped8 = tf.reshape(gradientScaled31, [128, 17, 1]);
    const gradientSum10 = tf.add(gradientSum9, gradientScaledReshaped8);
    tf.dispose([
      beforeScaled3,
      gradientSum7,
      beforeScaledReshaped2,
      gradientScaled22,
      beforeInverseRootReshaped2,
      gradientScaled21,
      beforeDifferenceReshaped2,
      gradientScaled24,
      gradientTotal4,
      beforeInverseRoot,
      gradientSquare3,
      gradientScaled26,
      gradientScaled25,
      gradientScaledReshaped5,
      gradientScaled27,
      beforeDifference,
      gradientScaled28,
      gradientScaled29,
      gradientScaledReshaped6,
      gradientScaled30,
      gradientScaled23,
      gradientScaledReshaped7,
      gradientSum8,
      gradientSum5,
      gradientSumReshaped4,
      gradientTotal5,
      gradientScaled31,
      gradientSum9,
      gradientScaledReshaped8,
    ]);
    return {
      biasGradient,
      weightGradient,
      biasGradient2,
      weightGradient2,
      shiftGradient,
      scaleGradient,
      wOutGradient,
      wValueGradient,
      wKeysGradient,
      wQueryGradient,
      shiftGradient2,
      scaleGradient2,
      gradientSum10,
    };
  }

  /** encoder.0, encoder.1: forward. */
  function encoderInEvaluation(layer, sum) {
    // {layer}.attention.before
    const beforeTotal = tf.sum(sum, -1, true);
    const beforeScaled = tf.mul(beforeTotal, 0.015625);
    const beforeDifference = tf.sub(sum, beforeScaled);
    const beforeSquare = tf.square(beforeDifference);
    const beforeTotal2 = tf.sum(beforeSquare, -1, true);
    const beforeScaled2 = tf.mul(beforeTotal2, 0.015625);
    const beforeSum = tf.add(beforeScaled2, 0.00001);
    const beforeInverseRoot = tf.rsqrt(beforeSum);
    const beforeScaled3 = tf.mul(beforeDifference, beforeInverseRoot);
    const scale = slot(`${layer}.attention.before.scale`);
    const beforeScaled4 = tf.mul(beforeScaled3, scale);
    const shift = slot(`${layer}.attention.before.shift`);
    const beforeSum2 = tf.add(beforeScaled4, shift);
    tf.dispose([
      beforeTotal,
      beforeScaled,
      beforeSquare,
      beforeTotal2,
      beforeScaled2,
      beforeSum,
      beforeDifference,
      beforeInverseRoot,
      beforeScaled3,
      beforeScaled4,
    ]);

    // {layer}.attention
    const beforeSumReshaped = tf.reshape(beforeSum2, [2176, 64]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [64, 64]);
    const wQueryProduct = tf.matMul(beforeSumReshaped, wQueryReshaped);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [64, 64]);
    const wKeysProduct = tf.matMul(beforeSumReshaped, wKeysReshaped);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [64, 64]);
    const wValueProduct = tf.matMul(beforeSumReshaped, wValueReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProduct, [128, 17, 4, 16]);
    const wQueryProductTransposed = tf.transpose(wQueryProductReshaped, [0, 2, 1, 3]);
    const wKeysProductReshaped = tf.reshape(wKeysProduct, [128, 17, 4, 16]);
    const wKeysProductTransposed = tf.transpose(wKeysProductReshaped, [0, 2, 1, 3]);
    const attentionProduct = tf.matMul(
      wQueryProductTransposed,
      wKeysProductTransposed,
      false,
      true,
    );
    const attentionScaled = tf.mul(attentionProduct, 0.25);
    const attentionMaximum = tf.max(attentionScaled, -1, true);
    tf.dispose([
      beforeSum2,
      wQueryReshaped,
      wKeysReshaped,
      beforeSumReshaped,
      wValueReshaped,
      wQueryProduct,
      wQueryProductReshaped,
      wKeysProduct,
      wKeysProductReshaped,
      wQueryProductTransposed,
      wKeysProductTransposed,
      attentionProduct,
    ]);
    const attentionDifference = tf.sub(attentionScaled, attentionMaximum);
    const attentionExponential = runtime.expOfNonPositive(attentionDifference);
    const attentionTotal = tf.sum(attentionExponential, -1, true);
    const attentionQuotient = tf.div(attentionExponential, attentionTotal);
    const wValueProductReshaped = tf.reshape(wValueProduct, [128, 17, 4, 16]);
    const wValueProductTransposed = tf.transpose(wValueProductReshaped, [0, 2, 1, 3]);
    const attentionProduct2 = tf.matMul(attentionQuotient, wValueProductTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [0, 2, 1, 3]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [2176, 64]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [64, 64]);
    const wOutProduct = tf.matMul(attentionProductReshaped, wOutReshaped);
    const wOutProductReshaped = tf.reshape(wOutProduct, [128, 17, 64]);
    tf.dispose([
      attentionScaled,
      attentionMaximum,
      attentionDifference,
      attentionExponential,
      attentionTotal,
      wValueProduct,
      wValueProductReshaped,
      attentionQuotient,
      wValueProductTransposed,
      attentionProduct2,
      attentionProductTransposed,
      attentionProductReshaped,
      wOutReshaped,
      wOutProduct,
    ]);
    const attentionSum = tf.add(sum, wOutProductReshaped);
    tf.dispose([sum, wOutProductReshaped]);

    // {layer}.mlp.before
    const beforeTotal3 = tf.sum(attentionSum, -1, true);
    const beforeScaled5 = tf.mul(beforeTotal3, 0.015625);
    const beforeDifference2 = tf.sub(attentionSum, beforeScaled5);
    const beforeSquare2 = tf.square(beforeDifference2);
    const beforeTotal4 = tf.sum(beforeSquare2, -1, true);
    const beforeScaled6 = tf.mul(beforeTotal4, 0.015625);
    const beforeSum3 = tf.add(beforeScaled6, 0.00001);
    const beforeInverseRoot2 = tf.rsqrt(beforeSum3);
    const beforeScaled7 = tf.mul(beforeDifference2, beforeInverseRoot2);
    const scale2 = slot(`${layer}.mlp.before.scale`);
    const beforeScaled8 = tf.mul(beforeScaled7, scale2);
    const shift2 = slot(`${layer}.mlp.before.shift`);
    const beforeSum4 = tf.add(beforeScaled8, shift2);
    tf.dispose([
      beforeTotal3,
      beforeScaled5,
      beforeSquare2,
      beforeTotal4,
      beforeScaled6,
      beforeSum3,
      beforeDifference2,
      beforeInverseRoot2,
      beforeScaled7,
      beforeScaled8,
    ]);

    // {layer}.mlp
    const beforeSumReshaped2 = tf.reshape(beforeSum4, [2176, 64]);
    const weight = slot(`${layer}.mlp.expand.weight`);
    const weightProduct = tf.matMul(beforeSumReshaped2, weight);
    const bias = slot(`${layer}.mlp.expand.bias`);
    const mlpSum = tf.add(weightProduct, bias);
    tf.dispose([beforeSum4, beforeSumReshaped2, weightProduct]);
    const mlpScaled = tf.mul(mlpSum, 0.5);
    const mlpScaled2 = tf.mul(mlpSum, 0.7071067811865476);
    mlpSum.dispose();
    const mlpErf = tf.erf(mlpScaled2);
    mlpScaled2.dispose();
    const mlpSum2 = tf.add(mlpErf, 1);
    mlpErf.dispose();
    const mlpScaled3 = tf.mul(mlpScaled, mlpSum2);
    tf.dispose([mlpScaled, mlpSum2]);
    const weight2 = slot(`${layer}.mlp.contract.weight`);
    const weightProduct2 = tf.matMul(mlpScaled3, weight2);
    const bias2 = slot(`${layer}.mlp.contract.bias`);
    const mlpSum3 = tf.add(weightProduct2, bias2);
    const mlpSumReshaped = tf.reshape(mlpSum3, [128, 17, 64]);
    const mlpSum4 = tf.add(attentionSum, mlpSumReshaped);
    tf.dispose([mlpScaled3, weightProduct2, mlpSum3, attentionSum, mlpSumReshaped]);
    return mlpSum4;
  }

  return {
    /** Draws the first value of every parameter and state. */
    initialise() {
      // embed.weight
      const weightNormal = runtime.normal("embed.weight", [49, 64]);
      const nextWeight = tf.mul(weightNormal, 0.05);
      update("embed.weight", nextWeight);
      const nextM = tf.fill([49, 64], 0);
      update("embed.weight.m", nextM);
      const nextV = tf.fill([49, 64], 0);
      update("embed.weight.v", nextV);
      weightNormal.dispose();

      // embed.bias
      const nextBias = tf.fill([64], 0);
      update("embed.bias", nextBias);
      const nextM2 = tf.fill([64], 0);
      update("embed.bias.m", nextM2);
      const nextV2 = tf.fill([64], 0);
      update("embed.bias.v", nextV2);

      // cls
      const clsNormal = runtime.normal("cls", [64]);
      const nextCls = tf.mul(clsNormal, 0.05);
      update("cls", nextCls);
      const nextM3 = tf.fill([64], 0);
      update("cls.m", nextM3);
      const nextV3 = tf.fill([64], 0);
      update("cls.v", nextV3);
      clsNormal.dispose();

      // position
      const positionNormal = runtime.normal("position", [17, 64]);
      const nextPosition = tf.mul(positionNormal, 0.05);
      update("position", nextPosition);
      const nextM4 = tf.fill([17, 64], 0);
      update("position.m", nextM4);
      const nextV4 = tf.fill([17, 64], 0);
      update("position.v", nextV4);
      positionNormal.dispose();
      encoderInitialise("encoder.0");
      encoderInitialise("encoder.1");

      // final.scale
      const nextScale = tf.fill([64], 1);
      update("final.scale", nextScale);
      const nextM5 = tf.fill([64], 0);
      update("final.scale.m", nextM5);
      const nextV5 = tf.fill([64], 0);
      update("final.scale.v", nextV5);

      // final.shift
      const nextShift = tf.fill([64], 0);
      update("final.shift", nextShift);
      const nextM6 = tf.fill([64], 0);
      update("final.shift.m", nextM6);
      const nextV6 = tf.fill([64], 0);
      update("final.shift.v", nextV6);

      // head.weight
      const weightNormal2 = runtime.normal("head.weight", [64, 10]);
      const nextWeight2 = tf.mul(weightNormal2, 0.05);
      update("head.weight", nextWeight2);
      const nextM7 = tf.fill([64, 10], 0);
      update("head.weight.m", nextM7);
      const nextV7 = tf.fill([64, 10], 0);
      update("head.weight.v", nextV7);
      weightNormal2.dispose();

      // head.bias
      const nextBias2 = tf.fill([10], 0);
      update("head.bias", nextBias2);
      const nextM8 = tf.fill([10], 0);
      update("head.bias.m", nextM8);
      const nextV8 = tf.fill([10], 0);
      update("head.bias.v", nextV8);
      return {};
    },

    /** The loss and the reports in training, for checks. */
    forward() {
      const positions = tf.range(0, 1280, 10, "int32");
      const positionsReshaped = tf.reshape(positions, [128, 1]);

      // embed
      const image = input("image");
      const imageReshaped = tf.reshape(image, [2048, 49]);
      const weight = slot("embed.weight");
      const weightProduct = tf.matMul(imageReshaped, weight);
      const bias = slot("embed.bias");
      const embedSum = tf.add(weightProduct, bias);
      tf.dispose([imageReshaped, weightProduct]);
      const cls = slot("cls");
      const clsRepeated = runtime.broadcastTo(cls, [128, 64]);
      const clsReshaped = tf.reshape(clsRepeated, [128, 1, 64]);
      const embedSumReshaped = tf.reshape(embedSum, [128, 16, 64]);
      const joined = tf.concat([clsReshaped, embedSumReshaped], 1);
      const position = slot("position");
      const sum = tf.add(joined, position);
      tf.dispose([clsRepeated, embedSum, clsReshaped, embedSumReshaped, joined]);
      const encoder0 = encoderInTraining("encoder.0", sum);
      const encoder1 = encoderInTraining("encoder.1", encoder0);

      // final
      const finalTotal = tf.sum(encoder1, -1, true);
      const finalScaled = tf.mul(finalTotal, 0.015625);
      const finalDifference = tf.sub(encoder1, finalScaled);
      const finalSquare = tf.square(finalDifference);
      const finalTotal2 = tf.sum(finalSquare, -1, true);
      const finalScaled2 = tf.mul(finalTotal2, 0.015625);
      const finalSum = tf.add(finalScaled2, 0.00001);
      const finalInverseRoot = tf.rsqrt(finalSum);
      const finalScaled3 = tf.mul(finalDifference, finalInverseRoot);
      const scale = slot("final.scale");
      const finalScaled4 = tf.mul(finalScaled3, scale);
      const shift = slot("final.shift");
      const finalSum2 = tf.add(finalScaled4, shift);
      tf.dispose([
        finalTotal,
        encoder1,
        finalScaled,
        finalSquare,
        finalTotal2,
        finalScaled2,
        finalSum,
        finalDifference,
        finalInverseRoot,
        finalScaled3,
        finalScaled4,
      ]);

      // head
      const finalSumPart = tf.slice(finalSum2, [0, 0, 0], [128, 1, 64]);
      const finalSumReshaped = tf.reshape(finalSumPart, [128, 64]);
      const weight2 = slot("head.weight");
      const weightProduct2 = tf.matMul(finalSumReshaped, weight2);
      const bias2 = slot("head.bias");
      const headSum = tf.add(weightProduct2, bias2);
      tf.dispose([finalSum2, finalSumPart, finalSumReshaped, weightProduct2]);
      const maximum = tf.max(headSum, -1, true);
      const stopped = runtime.stopGradient(maximum);
      const difference = tf.sub(headSum, stopped);
      const exponential = runtime.expOfNonPositive(difference);
      const total = tf.sum(exponential, -1);
      const logarithm = tf.log(total);
      const label = input("label");
      const labelReshaped = tf.reshape(label, [128, 1]);
      const sum2 = tf.add(labelReshaped, positionsReshaped);
      const sumReshaped = tf.reshape(sum2, [128]);
      const differenceReshaped = tf.reshape(difference, [1280]);
      const rows = tf.gather(differenceReshaped, sumReshaped);
      const difference2 = tf.sub(logarithm, rows);
      const headSumReshaped = tf.reshape(headSum, [1280]);
      const rows2 = tf.gather(headSumReshaped, sumReshaped);
      const maximumReshaped = tf.reshape(maximum, [128]);
      const isEqual = tf.equal(rows2, maximumReshaped);
      const isEqualCast = tf.cast(isEqual, "float32");
      const total2 = tf.sum(difference2);
      const loss = tf.mul(total2, 0.0078125);
      const total3 = tf.sum(isEqualCast);
      const accuracy = tf.mul(total3, 0.0078125);
      tf.dispose([
        stopped,
        exponential,
        total,
        labelReshaped,
        sum2,
        difference,
        differenceReshaped,
        logarithm,
        rows,
        headSum,
        sumReshaped,
        headSumReshaped,
        maximum,
        rows2,
        maximumReshaped,
        isEqual,
        difference2,
        total2,
        isEqualCast,
        total3,
      ]);
      tf.dispose([positions, positionsReshaped]);
      return { loss, accuracy };
    },

    /** One training step: forward, backward, and the next values of all parameters and states. */
    step() {
      at(8, "");
      const positions = tf.range(0, 1280, 10, "int32");
      const positionsReshaped = tf.reshape(positions, [128, 1]);
      const filled = tf.fill([128, 1], -0.0078125);
      const filledReshaped = tf.reshape(filled, [128]);

      at(9, "embed");
      const image = input("image");
      const imageReshaped = tf.reshape(image, [2048, 49]);
      const weight = slot("embed.weight");
      const weightProduct = tf.matMul(imageReshaped, weight);
      const bias = slot("embed.bias");
      const embedSum = tf.add(weightProduct, bias);
      tf.dispose([imageReshaped, weightProduct]);

      at(10, "");
      const cls = slot("cls");
      const clsRepeated = runtime.broadcastTo(cls, [128, 64]);
      const clsReshaped = tf.reshape(clsRepeated, [128, 1, 64]);
      const embedSumReshaped = tf.reshape(embedSum, [128, 16, 64]);
      const joined = tf.concat([clsReshaped, embedSumReshaped], 1);
      const position = slot("position");
      const sum = tf.add(joined, position);
      tf.dispose([clsRepeated, embedSum, clsReshaped, embedSumReshaped, joined]);
      const encoder0 = encoderForward("encoder.0", sum);
      const encoder1 = encoderForward("encoder.1", encoder0.mlpSum4);

      at(11, "final");
      const finalTotal = tf.sum(encoder1.mlpSum4, -1, true);
      const finalScaled = tf.mul(finalTotal, 0.015625);
      const finalDifference = tf.sub(encoder1.mlpSum4, finalScaled);
      const finalSquare = tf.square(finalDifference);
      const finalTotal2 = tf.sum(finalSquare, -1, true);
      const finalScaled2 = tf.mul(finalTotal2, 0.015625);
      const finalSum = tf.add(finalScaled2, 0.00001);
      const finalInverseRoot = tf.rsqrt(finalSum);
      const finalScaled3 = tf.mul(finalDifference, finalInverseRoot);
      const scale = slot("final.scale");
      const finalScaled4 = tf.mul(finalScaled3, scale);
      const shift = slot("final.shift");
      const finalSum2 = tf.add(finalScaled4, shift);
      tf.dispose([
        finalTotal,
        encoder1.mlpSum4,
        finalScaled,
        finalSquare,
        finalTotal2,
        finalScaled2,
        finalSum,
        finalScaled4,
      ]);

      at(12, "head");
      const finalSumPart = tf.slice(finalSum2, [0, 0, 0], [128, 1, 64]);
      const finalSumReshaped = tf.reshape(finalSumPart, [128, 64]);
      const weight2 = slot("head.weight");
      const weightProduct2 = tf.matMul(finalSumReshaped, weight2);
      const bias2 = slot("head.bias");
      const headSum = tf.add(weightProduct2, bias2);
      tf.dispose([finalSum2, finalSumReshaped, weightProduct2]);

      at(13, "");
      const maximum = tf.max(headSum, -1, true);
      const difference = tf.sub(headSum, maximum);
      const exponential = runtime.expOfNonPositive(difference);
      const total = tf.sum(exponential, -1, true);
      const logarithm = tf.log(total);
      const label = input("label");
      const labelReshaped = tf.reshape(label, [128, 1]);
      const sum2 = tf.add(labelReshaped, positionsReshaped);
      const sumReshaped = tf.reshape(sum2, [128]);
      const differenceReshaped = tf.reshape(difference, [1280]);
      const rows = tf.gather(differenceReshaped, sumReshaped);
      const rowsReshaped = tf.reshape(rows, [128, 1]);
      const difference2 = tf.sub(logarithm, rowsReshaped);
      const headSumReshaped = tf.reshape(headSum, [1280]);
      const rows2 = tf.gather(headSumReshaped, sumReshaped);
      const maximumReshaped = tf.reshape(maximum, [128]);
      const isEqual = tf.equal(rows2, maximumReshaped);
      const isEqualCast = tf.cast(isEqual, "float32");
      const differenceReshaped2 = tf.reshape(difference2, [128]);
      const total2 = tf.sum(differenceReshaped2);
      const loss = tf.mul(total2, 0.0078125);
      const total3 = tf.sum(isEqualCast);
      const accuracy = tf.mul(total3, 0.0078125);
      tf.dispose([
        labelReshaped,
        sum2,
        difference,
        differenceReshaped,
        rows,
        logarithm,
        rowsReshaped,
        headSum,
        sumReshaped,
        headSumReshaped,
        maximum,
        rows2,
        maximumReshaped,
        isEqual,
        difference2,
        differenceReshaped2,
        total2,
        isEqualCast,
        total3,
      ]);

      at(14, "");
      const labelReshaped2 = tf.reshape(label, [128, 1]);
      const gradientSum = tf.add(labelReshaped2, positionsReshaped);
      const gradientScattered = tf.scatterND(gradientSum, filledReshaped, [1280]);
      const gradientQuotient = tf.div(0.0078125, total);
      const gradientScaled = tf.mul(gradientQuotient, exponential);
      const gradientScaledReshaped = tf.reshape(gradientScaled, [1280]);
      const gradientSum2 = tf.add(gradientScattered, gradientScaledReshaped);
      tf.dispose([
        labelReshaped2,
        gradientSum,
        total,
        exponential,
        gradientQuotient,
        gradientScaled,
        gradientScattered,
        gradientScaledReshaped,
      ]);

      at(15, "head");
      const gradientSumReshaped = tf.reshape(gradientSum2, [128, 10]);
      const gradientSumTransposed = tf.transpose(gradientSumReshaped, [1, 0]);
      const biasGradient = tf.sum(gradientSumTransposed, -1);
      const weightTransposed = tf.transpose(weight2, [1, 0]);
      const gradientProduct = tf.matMul(gradientSumReshaped, weightTransposed);
      const finalSumReshaped2 = tf.reshape(finalSumPart, [128, 64]);
      const finalSumTransposed = tf.transpose(finalSumReshaped2, [1, 0]);
      const weightGradient = tf.matMul(finalSumTransposed, gradientSumReshaped);
      const gradientProductReshaped = tf.reshape(gradientProduct, [128, 1, 64]);
      const gradientPadded = tf.pad(gradientProductReshaped, [
        [0, 0],
        [0, 16],
        [0, 0],
      ]);
      tf.dispose([
        gradientSum2,
        gradientSumTransposed,
        weightTransposed,
        finalSumPart,
        finalSumReshaped2,
        gradientSumReshaped,
        finalSumTransposed,
        gradientProductReshaped,
      ]);

      at(16, "final");
      const shiftGradient = tf.sum(gradientProduct, 0);
      const gradientScaled2 = tf.mul(gradientPadded, scale);
      const gradientScaled3 = tf.mul(gradientPadded, finalScaled3);
      const gradientScaledReshaped2 = tf.reshape(gradientScaled3, [2176, 64]);
      const scaleGradient = tf.sum(gradientScaledReshaped2, 0);
      const gradientScaled4 = tf.mul(gradientScaled2, finalInverseRoot);
      const gradientScaled5 = tf.mul(gradientScaled2, finalDifference);
      const gradientTotal = tf.sum(gradientScaled5, -1, true);
      const gradientScaled6 = tf.mul(gradientTotal, -0.5);
      const gradientSquare = tf.square(finalInverseRoot);
      const gradientScaled7 = tf.mul(finalInverseRoot, gradientSquare);
      const gradientScaled8 = tf.mul(gradientScaled6, gradientScaled7);
      const gradientScaled9 = tf.mul(gradientScaled8, 0.015625);
      const gradientScaled10 = tf.mul(finalDifference, 2);
      const gradientScaled11 = tf.mul(gradientScaled9, gradientScaled10);
      tf.dispose([
        gradientProduct,
        finalScaled3,
        gradientPadded,
        gradientScaled3,
        gradientScaledReshaped2,
        gradientScaled2,
        gradientScaled5,
        gradientTotal,
        finalInverseRoot,
        gradientSquare,
        gradientScaled6,
        gradientScaled7,
        gradientScaled8,
        finalDifference,
        gradientScaled9,
        gradientScaled10,
      ]);
      const gradientSum3 = tf.add(gradientScaled4, gradientScaled11);
      const gradientTotal2 = tf.sum(gradientSum3, -1, true);
      const gradientScaled12 = tf.mul(gradientTotal2, -0.015625);
      const gradientSum4 = tf.add(gradientSum3, gradientScaled12);
      tf.dispose([
        gradientScaled4,
        gradientScaled11,
        gradientTotal2,
        gradientSum3,
        gradientScaled12,
      ]);
      const encoder1Backward = encoderBackward("encoder.1", {
        ...encoder1,
        gradientSum: gradientSum4,
      });
      const encoder0Backward = encoderBackward("encoder.0", {
        ...encoder0,
        gradientSum: encoder1Backward.gradientSum10,
      });

      at(17, "");
      const positionGradient = tf.sum(encoder0Backward.gradientSum10, 0);
      const gradientSumPart = tf.slice(encoder0Backward.gradientSum10, [0, 0, 0], [128, 1, 64]);
      const gradientSumPart2 = tf.slice(encoder0Backward.gradientSum10, [0, 1, 0], [128, 16, 64]);
      const gradientSumReshaped2 = tf.reshape(gradientSumPart, [128, 64]);
      const clsGradient = tf.sum(gradientSumReshaped2, 0);
      tf.dispose([encoder0Backward.gradientSum10, gradientSumPart, gradientSumReshaped2]);

      at(18, "embed");
      const gradientSumReshaped3 = tf.reshape(gradientSumPart2, [2048, 64]);
      const gradientSumTransposed2 = tf.transpose(gradientSumReshaped3, [1, 0]);
      const biasGradient2 = tf.sum(gradientSumTransposed2, -1);
      const imageReshaped2 = tf.reshape(image, [2048, 49]);
      const gradientProduct2 = tf.matMul(gradientSumTransposed2, imageReshaped2);
      const weightGradient2 = tf.transpose(gradientProduct2, [1, 0]);
      tf.dispose([
        gradientSumPart2,
        gradientSumReshaped3,
        gradientSumTransposed2,
        imageReshaped2,
        gradientProduct2,
      ]);

      at(19, "");
      const step = input("step");
      const sum3 = tf.add(step, 1);
      const steps = input("steps");
      const quotient = tf.div(sum3, steps);
      const difference3 = tf.sub(1, quotient);
      const rate = tf.mul(difference3, 0.001);
      const power = tf.pow(0.9, sum3);
      const difference4 = tf.sub(1, power);
      const power2 = tf.pow(0.999, sum3);
      const difference5 = tf.sub(1, power2);
      tf.dispose([quotient, difference3, power, sum3, power2]);

      /** The update of a parameter, such as embed.weight. */
      function updateParameter(parameter, gradient) {
        at(20, parameter);
        const m = slot(`${parameter}.m`);
        const scaled = tf.mul(m, 0.9);
        const scaled2 = tf.mul(gradient, 0.09999999999999998);
        const nextM = tf.add(scaled, scaled2);
        const square = tf.square(gradient);
        const v = slot(`${parameter}.v`);
        const scaled3 = tf.mul(v, 0.999);
        const scaled4 = tf.mul(square, 0.0010000000000000009);
        const nextV = tf.add(scaled3, scaled4);
        const quotient = tf.div(nextM, difference4);
        const quotient2 = tf.div(nextV, difference5);
        const root = tf.sqrt(quotient2);
        const sum = tf.add(root, 1e-8);
        const quotient3 = tf.div(quotient, sum);
        const value = slot(parameter);
        const scaled5 = tf.mul(value, 0.05);
        const sum2 = tf.add(quotient3, scaled5);
        update(`${parameter}.m`, nextM);
        update(`${parameter}.v`, nextV);
        const scaled6 = tf.mul(rate, sum2);
        const nextValue = tf.sub(value, scaled6);
        update(parameter, nextValue);
        tf.dispose([
          scaled,
          scaled2,
          gradient,
          square,
          scaled3,
          scaled4,
          quotient2,
          root,
          quotient,
          sum,
          quotient3,
          scaled5,
          sum2,
          scaled6,
        ]);
      }

      updateParameter("embed.weight", weightGradient2);

      /** The update of a parameter, such as embed.bias. */
      function updateParameter2(parameter, gradient) {
        at(21, parameter);
        const m = slot(`${parameter}.m`);
        const scaled = tf.mul(m, 0.9);
        const scaled2 = tf.mul(gradient, 0.09999999999999998);
        const nextM = tf.add(scaled, scaled2);
        const square = tf.square(gradient);
        const v = slot(`${parameter}.v`);
        const scaled3 = tf.mul(v, 0.999);
        const scaled4 = tf.mul(square, 0.0010000000000000009);
        const nextV = tf.add(scaled3, scaled4);
        const quotient = tf.div(nextM, difference4);
        const quotient2 = tf.div(nextV, difference5);
        const root = tf.sqrt(quotient2);
        const sum = tf.add(root, 1e-8);
        const quotient3 = tf.div(quotient, sum);
        update(`${parameter}.m`, nextM);
        update(`${parameter}.v`, nextV);
        const scaled5 = tf.mul(rate, quotient3);
        const value = slot(parameter);
        const nextValue = tf.sub(value, scaled5);
        update(parameter, nextValue);
        tf.dispose([
          scaled,
          scaled2,
          gradient,
          square,
          scaled3,
          scaled4,
          quotient2,
          root,
          quotient,
          sum,
          quotient3,
          scaled5,
        ]);
      }

      updateParameter2("embed.bias", biasGradient2);
      updateParameter2("cls", clsGradient);
      updateParameter2("position", positionGradient);
      updateParameter2("encoder.0.attention.before.scale", encoder0Backward.scaleGradient2);
      updateParameter2("encoder.0.attention.before.shift", encoder0Backward.shiftGradient2);
      updateParameter("encoder.0.attention.w_query", encoder0Backward.wQueryGradient);
      updateParameter("encoder.0.attention.w_keys", encoder0Backward.wKeysGradient);
      updateParameter("encoder.0.attention.w_value", encoder0Backward.wValueGradient);
      updateParameter("encoder.0.attention.w_out", encoder0Backward.wOutGradient);
      updateParameter2("encoder.0.mlp.before.scale", encoder0Backward.scaleGradient);
      updateParameter2("encoder.0.mlp.before.shift", encoder0Backward.shiftGradient);
      updateParameter("encoder.0.mlp.expand.weight", encoder0Backward.weightGradient2);
      updateParameter2("encoder.0.mlp.expand.bias", encoder0Backward.biasGradient2);
      updateParameter("encoder.0.mlp.contract.weight", encoder0Backward.weightGradient);
      updateParameter2("encoder.0.mlp.contract.bias", encoder0Backward.biasGradient);
      updateParameter2("encoder.1.attention.before.scale", encoder1Backward.scaleGradient2);
      updateParameter2("encoder.1.attention.before.shift", encoder1Backward.shiftGradient2);
      updateParameter("encoder.1.attention.w_query", encoder1Backward.wQueryGradient);
      updateParameter("encoder.1.attention.w_keys", encoder1Backward.wKeysGradient);
      updateParameter("encoder.1.attention.w_value", encoder1Backward.wValueGradient);
      updateParameter("encoder.1.attention.w_out", encoder1Backward.wOutGradient);
      updateParameter2("encoder.1.mlp.before.scale", encoder1Backward.scaleGradient);
      updateParameter2("encoder.1.mlp.before.shift", encoder1Backward.shiftGradient);
      updateParameter("encoder.1.mlp.expand.weight", encoder1Backward.weightGradient2);
      updateParameter2("encoder.1.mlp.expand.bias", encoder1Backward.biasGradient2);
      updateParameter("encoder.1.mlp.contract.weight", encoder1Backward.weightGradient);
      updateParameter2("encoder.1.mlp.contract.bias", encoder1Backward.biasGradient);
      updateParameter2("final.scale", scaleGradient);
      updateParameter2("final.shift", shiftGradient);
      updateParameter("head.weight", weightGradient);
      updateParameter2("head.bias", biasGradient);
      tf.dispose([difference4, difference5]);
      tf.dispose([positions, positionsReshaped, filled, filledReshaped]);
      return { loss, rate, accuracy };
    },

    /** The loss and the reports on held-out examples. */
    evaluate() {
      const positions = tf.range(0, 1280, 10, "int32");
      const positionsReshaped = tf.reshape(positions, [128, 1]);

      // embed
      const image = input("image");
      const imageReshaped = tf.reshape(image, [2048, 49]);
      const weight = slot("embed.weight");
      const weightProduct = tf.matMul(imageReshaped, weight);
      const bias = slot("embed.bias");
      const embedSum = tf.add(weightProduct, bias);
      tf.dispose([imageReshaped, weightProduct]);
      const cls = slot("cls");
      const clsRepeated = runtime.broadcastTo(cls, [128, 64]);
      const clsReshaped = tf.reshape(clsRepeated, [128, 1, 64]);
      const embedSumReshaped = tf.reshape(embedSum, [128, 16, 64]);
      const joined = tf.concat([clsReshaped, embedSumReshaped], 1);
      const position = slot("position");
      const sum = tf.add(joined, position);
      tf.dispose([clsRepeated, embedSum, clsReshaped, embedSumReshaped, joined]);
      const encoder0 = encoderInEvaluation("encoder.0", sum);
      const encoder1 = encoderInEvaluation("encoder.1", encoder0);

      // final
      const finalTotal = tf.sum(encoder1, -1, true);
      const finalScaled = tf.mul(finalTotal, 0.015625);
      const finalDifference = tf.sub(encoder1, finalScaled);
      const finalSquare = tf.square(finalDifference);
      const finalTotal2 = tf.sum(finalSquare, -1, true);
      const finalScaled2 = tf.mul(finalTotal2, 0.015625);
      const finalSum = tf.add(finalScaled2, 0.00001);
      const finalInverseRoot = tf.rsqrt(finalSum);
      const finalScaled3 = tf.mul(finalDifference, finalInverseRoot);
      const scale = slot("final.scale");
      const finalScaled4 = tf.mul(finalScaled3, scale);
      const shift = slot("final.shift");
      const finalSum2 = tf.add(finalScaled4, shift);
      tf.dispose([
        finalTotal,
        encoder1,
        finalScaled,
        finalSquare,
        finalTotal2,
        finalScaled2,
        finalSum,
        finalDifference,
        finalInverseRoot,
        finalScaled3,
        finalScaled4,
      ]);

      // head
      const finalSumPart = tf.slice(finalSum2, [0, 0, 0], [128, 1, 64]);
      const finalSumReshaped = tf.reshape(finalSumPart, [128, 64]);
      const weight2 = slot("head.weight");
      const weightProduct2 = tf.matMul(finalSumReshaped, weight2);
      const bias2 = slot("head.bias");
      const headSum = tf.add(weightProduct2, bias2);
      tf.dispose([finalSum2, finalSumPart, finalSumReshaped, weightProduct2]);
      const maximum = tf.max(headSum, -1, true);
      const difference = tf.sub(headSum, maximum);
      const exponential = runtime.expOfNonPositive(difference);
      const total = tf.sum(exponential, -1);
      const logarithm = tf.log(total);
      const label = input("label");
      const labelReshaped = tf.reshape(label, [128, 1]);
      const sum2 = tf.add(labelReshaped, positionsReshaped);
      const sumReshaped = tf.reshape(sum2, [128]);
      const differenceReshaped = tf.reshape(difference, [1280]);
      const rows = tf.gather(differenceReshaped, sumReshaped);
      const difference2 = tf.sub(logarithm, rows);
      const headSumReshaped = tf.reshape(headSum, [1280]);
      const rows2 = tf.gather(headSumReshaped, sumReshaped);
      const maximumReshaped = tf.reshape(maximum, [128]);
      const isEqual = tf.equal(rows2, maximumReshaped);
      const isEqualCast = tf.cast(isEqual, "float32");
      const valid = input("valid");
      const scaled = tf.mul(difference2, valid);
      const total2 = tf.sum(scaled);
      const total3 = tf.sum(valid);
      const loss = tf.div(total2, total3);
      const scaled2 = tf.mul(isEqualCast, valid);
      const total4 = tf.sum(scaled2);
      const accuracy = tf.div(total4, total3);
      tf.dispose([
        exponential,
        total,
        labelReshaped,
        sum2,
        difference,
        differenceReshaped,
        logarithm,
        rows,
        headSum,
        sumReshaped,
        headSumReshaped,
        maximum,
        rows2,
        maximumReshaped,
        isEqual,
        difference2,
        scaled,
        total2,
        isEqualCast,
        scaled2,
        total3,
        total4,
      ]);
      tf.dispose([positions, positionsReshaped]);
      return { loss, accuracy };
    },
  };
}

/** For each section of a step, marked by `at`: its phase, and the operation and source of each call. */
export const origins = [
  "forward reduce_sum@model.norm:27:3 mul sub mul reduce_sum mul add rsqrt mul mul add",
  "forward contract@model.norm:20:3 contract contract contract contract contract contract contract contract contract contract contract mul reduce_max sub exp reduce_sum div contract contract contract contract contract contract contract add add",
  "forward reduce_sum@model.norm:21:3 mul sub mul reduce_sum mul add rsqrt mul mul add",
  "forward contract@model.norm:14:3 contract add mul mul erf add mul contract add add add",
  "backward reduce_sum@model.norm:14:3 reduce_sum reduce_sum contract contract contract contract mul mul mul neg exp mul mul mul mul add reduce_sum reduce_sum contract contract contract contract contract",
  "backward reduce_sum@model.norm:21:3 mul mul mul reduce_sum mul mul mul mul reduce_sum mul mul mul mul mul mul mul mul mul add add reduce_sum add add mul add add",
  "backward contract@model.norm:20:3 contract contract contract contract contract contract contract contract contract contract contract div div mul reduce_sum sub mul mul contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract add contract contract contract contract contract contract contract add",
  "backward reduce_sum@model.norm:27:3 mul mul mul reduce_sum mul mul mul mul reduce_sum mul mul mul mul mul mul mul mul mul add add reduce_sum add add mul add add",
  "forward take@model.norm:1:3 take scatter_add scatter_add",
  "forward contract@model.norm:6:3 contract add",
  "forward concatenate@model.norm:1:3 concatenate concatenate concatenate add",
  "forward reduce_sum@model.norm:6:3 mul sub mul reduce_sum mul add rsqrt mul mul add",
  "forward slice@model.norm:5:3 contract contract add",
  "forward reduce_max@model.norm:1:3 sub exp reduce_sum log take take take take take sub sub take take equal equal cast reduce_sum reduce_sum mul reduce_sum mul",
  "backward scatter_add@model.norm:1:3 scatter_add scatter_add div mul add add",
  "backward reduce_sum@model.norm:5:3 reduce_sum reduce_sum contract contract contract contract contract pad pad",
  "backward reduce_sum@model.norm:6:3 mul mul reduce_sum reduce_sum mul mul reduce_sum mul mul mul mul mul mul mul add reduce_sum mul add",
  "backward reduce_sum@model.norm:1:3 slice slice reduce_sum reduce_sum",
  "backward reduce_sum@model.norm:6:3 reduce_sum reduce_sum contract contract contract",
  "update add div sub mul pow sub pow sub",
  "update mul@optimizers.norm:3:5 mul add mul mul mul add div div sqrt add div mul add mul sub",
  "update mul@optimizers.norm:3:5 mul add mul mul mul add div div sqrt add div mul sub",
];
