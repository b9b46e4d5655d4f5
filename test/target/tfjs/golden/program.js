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
    const nextScale = tf.fill([8], 1);
    update(`${layer}.attention.before.scale`, nextScale);
    const nextM = tf.fill([8], 0);
    update(`${layer}.attention.before.scale.m`, nextM);
    const nextV = tf.fill([8], 0);
    update(`${layer}.attention.before.scale.v`, nextV);

    // {layer}.attention.before.shift
    const nextShift = tf.fill([8], 0);
    update(`${layer}.attention.before.shift`, nextShift);
    const nextM2 = tf.fill([8], 0);
    update(`${layer}.attention.before.shift.m`, nextM2);
    const nextV2 = tf.fill([8], 0);
    update(`${layer}.attention.before.shift.v`, nextV2);

    // {layer}.attention.w_query
    const wQueryNormal = runtime.normal(`${layer}.attention.w_query`, [8, 2, 4]);
    const nextWQuery = tf.mul(wQueryNormal, 0.05);
    update(`${layer}.attention.w_query`, nextWQuery);
    const nextM3 = tf.fill([8, 2, 4], 0);
    update(`${layer}.attention.w_query.m`, nextM3);
    const nextV3 = tf.fill([8, 2, 4], 0);
    update(`${layer}.attention.w_query.v`, nextV3);
    wQueryNormal.dispose();

    // {layer}.attention.w_keys
    const wKeysNormal = runtime.normal(`${layer}.attention.w_keys`, [8, 2, 4]);
    const nextWKeys = tf.mul(wKeysNormal, 0.05);
    update(`${layer}.attention.w_keys`, nextWKeys);
    const nextM4 = tf.fill([8, 2, 4], 0);
    update(`${layer}.attention.w_keys.m`, nextM4);
    const nextV4 = tf.fill([8, 2, 4], 0);
    update(`${layer}.attention.w_keys.v`, nextV4);
    wKeysNormal.dispose();

    // {layer}.attention.w_value
    const wValueNormal = runtime.normal(`${layer}.attention.w_value`, [8, 2, 4]);
    const nextWValue = tf.mul(wValueNormal, 0.05);
    update(`${layer}.attention.w_value`, nextWValue);
    const nextM5 = tf.fill([8, 2, 4], 0);
    update(`${layer}.attention.w_value.m`, nextM5);
    const nextV5 = tf.fill([8, 2, 4], 0);
    update(`${layer}.attention.w_value.v`, nextV5);
    wValueNormal.dispose();

    // {layer}.attention.w_out
    const wOutNormal = runtime.normal(`${layer}.attention.w_out`, [2, 4, 8]);
    const nextWOut = tf.mul(wOutNormal, 0.05);
    update(`${layer}.attention.w_out`, nextWOut);
    const nextM6 = tf.fill([2, 4, 8], 0);
    update(`${layer}.attention.w_out.m`, nextM6);
    const nextV6 = tf.fill([2, 4, 8], 0);
    update(`${layer}.attention.w_out.v`, nextV6);
    wOutNormal.dispose();

    // {layer}.mlp.before.scale
    const nextScale2 = tf.fill([8], 1);
    update(`${layer}.mlp.before.scale`, nextScale2);
    const nextM7 = tf.fill([8], 0);
    update(`${layer}.mlp.before.scale.m`, nextM7);
    const nextV7 = tf.fill([8], 0);
    update(`${layer}.mlp.before.scale.v`, nextV7);

    // {layer}.mlp.before.shift
    const nextShift2 = tf.fill([8], 0);
    update(`${layer}.mlp.before.shift`, nextShift2);
    const nextM8 = tf.fill([8], 0);
    update(`${layer}.mlp.before.shift.m`, nextM8);
    const nextV8 = tf.fill([8], 0);
    update(`${layer}.mlp.before.shift.v`, nextV8);

    // {layer}.mlp.expand.weight
    const weightNormal = runtime.normal(`${layer}.mlp.expand.weight`, [8, 32]);
    const nextWeight = tf.mul(weightNormal, 0.05);
    update(`${layer}.mlp.expand.weight`, nextWeight);
    const nextM9 = tf.fill([8, 32], 0);
    update(`${layer}.mlp.expand.weight.m`, nextM9);
    const nextV9 = tf.fill([8, 32], 0);
    update(`${layer}.mlp.expand.weight.v`, nextV9);
    weightNormal.dispose();

    // {layer}.mlp.expand.bias
    const nextBias = tf.fill([32], 0);
    update(`${layer}.mlp.expand.bias`, nextBias);
    const nextM10 = tf.fill([32], 0);
    update(`${layer}.mlp.expand.bias.m`, nextM10);
    const nextV10 = tf.fill([32], 0);
    update(`${layer}.mlp.expand.bias.v`, nextV10);

    // {layer}.mlp.contract.weight
    const weightNormal2 = runtime.normal(`${layer}.mlp.contract.weight`, [32, 8]);
    const nextWeight2 = tf.mul(weightNormal2, 0.05);
    update(`${layer}.mlp.contract.weight`, nextWeight2);
    const nextM11 = tf.fill([32, 8], 0);
    update(`${layer}.mlp.contract.weight.m`, nextM11);
    const nextV11 = tf.fill([32, 8], 0);
    update(`${layer}.mlp.contract.weight.v`, nextV11);
    weightNormal2.dispose();

    // {layer}.mlp.contract.bias
    const nextBias2 = tf.fill([8], 0);
    update(`${layer}.mlp.contract.bias`, nextBias2);
    const nextM12 = tf.fill([8], 0);
    update(`${layer}.mlp.contract.bias.m`, nextM12);
    const nextV12 = tf.fill([8], 0);
    update(`${layer}.mlp.contract.bias.v`, nextV12);
  }

  /** encoder.0, encoder.1: forward. */
  function encoderInTraining(layer, sum) {
    // {layer}.attention.before
    const beforeTotal = tf.sum(sum, -1, true);
    const beforeScaled = tf.mul(beforeTotal, 0.125);
    const beforeDifference = tf.sub(sum, beforeScaled);
    const beforeSquare = tf.square(beforeDifference);
    const beforeTotal2 = tf.sum(beforeSquare, -1, true);
    const beforeScaled2 = tf.mul(beforeTotal2, 0.125);
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
    const beforeSumReshaped = tf.reshape(beforeSum2, [30, 8]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [8, 8]);
    const wQueryProduct = tf.matMul(beforeSumReshaped, wQueryReshaped);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [8, 8]);
    const wKeysProduct = tf.matMul(beforeSumReshaped, wKeysReshaped);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [8, 8]);
    const wValueProduct = tf.matMul(beforeSumReshaped, wValueReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProduct, [6, 5, 2, 4]);
    const wQueryProductTransposed = tf.transpose(wQueryProductReshaped, [0, 2, 1, 3]);
    const wKeysProductReshaped = tf.reshape(wKeysProduct, [6, 5, 2, 4]);
    const wKeysProductTransposed = tf.transpose(wKeysProductReshaped, [0, 2, 1, 3]);
    const attentionProduct = tf.matMul(
      wQueryProductTransposed,
      wKeysProductTransposed,
      false,
      true,
    );
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
    ]);
    const attentionScaled = tf.mul(attentionProduct, 0.5);
    const attentionMaximum = tf.max(attentionScaled, -1, true);
    const attentionStopped = runtime.stopGradient(attentionMaximum);
    const attentionDifference = tf.sub(attentionScaled, attentionStopped);
    const attentionExponential = runtime.expOfNonPositive(attentionDifference);
    const attentionTotal = tf.sum(attentionExponential, -1, true);
    const attentionQuotient = tf.div(attentionExponential, attentionTotal);
    const wValueProductReshaped = tf.reshape(wValueProduct, [6, 5, 2, 4]);
    const wValueProductTransposed = tf.transpose(wValueProductReshaped, [0, 2, 1, 3]);
    const attentionProduct2 = tf.matMul(attentionQuotient, wValueProductTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [0, 2, 1, 3]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [30, 8]);
    tf.dispose([
      attentionProduct,
      attentionMaximum,
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
    ]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [8, 8]);
    const wOutProduct = tf.matMul(attentionProductReshaped, wOutReshaped);
    const wOutProductReshaped = tf.reshape(wOutProduct, [6, 5, 8]);
    const attentionSum = tf.add(sum, wOutProductReshaped);
    tf.dispose([attentionProductReshaped, wOutReshaped, wOutProduct, sum, wOutProductReshaped]);

    // {layer}.mlp.before
    const beforeTotal3 = tf.sum(attentionSum, -1, true);
    const beforeScaled5 = tf.mul(beforeTotal3, 0.125);
    const beforeDifference2 = tf.sub(attentionSum, beforeScaled5);
    const beforeSquare2 = tf.square(beforeDifference2);
    const beforeTotal4 = tf.sum(beforeSquare2, -1, true);
    const beforeScaled6 = tf.mul(beforeTotal4, 0.125);
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
    const beforeSumReshaped2 = tf.reshape(beforeSum4, [30, 8]);
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
    const mlpSumReshaped = tf.reshape(mlpSum3, [6, 5, 8]);
    const mlpSum4 = tf.add(attentionSum, mlpSumReshaped);
    tf.dispose([mlpScaled3, weightProduct2, mlpSum3, attentionSum, mlpSumReshaped]);
    return mlpSum4;
  }

  /** encoder.0, encoder.1: forward. */
  function encoderForward(layer, sum) {
    at(0, `${layer}.attention.before`);
    const beforeTotal = tf.sum(sum, -1, true);
    const beforeScaled = tf.mul(beforeTotal, 0.125);
    const beforeDifference = tf.sub(sum, beforeScaled);
    const beforeSquare = tf.square(beforeDifference);
    const beforeTotal2 = tf.sum(beforeSquare, -1, true);
    const beforeScaled2 = tf.mul(beforeTotal2, 0.125);
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
    const beforeSumReshaped = tf.reshape(beforeSum2, [30, 8]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [8, 8]);
    const wQueryProduct = tf.matMul(beforeSumReshaped, wQueryReshaped);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [8, 8]);
    const wKeysProduct = tf.matMul(beforeSumReshaped, wKeysReshaped);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [8, 8]);
    const wValueProduct = tf.matMul(beforeSumReshaped, wValueReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProduct, [6, 5, 2, 4]);
    const wQueryProductTransposed = tf.transpose(wQueryProductReshaped, [0, 2, 1, 3]);
    const wKeysProductReshaped = tf.reshape(wKeysProduct, [6, 5, 2, 4]);
    const wKeysProductTransposed = tf.transpose(wKeysProductReshaped, [0, 2, 1, 3]);
    const attentionProduct = tf.matMul(
      wQueryProductTransposed,
      wKeysProductTransposed,
      false,
      true,
    );
    const attentionScaled = tf.mul(attentionProduct, 0.5);
    const attentionMaximum = tf.max(attentionScaled, -1, true);
    const attentionDifference = tf.sub(attentionScaled, attentionMaximum);
    const attentionExponential = runtime.expOfNonPositive(attentionDifference);
    const attentionTotal = tf.sum(attentionExponential, -1, true);
    const attentionQuotient = tf.div(attentionExponential, attentionTotal);
    const wValueProductReshaped = tf.reshape(wValueProduct, [6, 5, 2, 4]);
    const wValueProductTransposed = tf.transpose(wValueProductReshaped, [0, 2, 1, 3]);
    const attentionProduct2 = tf.matMul(attentionQuotient, wValueProductTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [0, 2, 1, 3]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [30, 8]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [8, 8]);
    const wOutProduct = tf.matMul(attentionProductReshaped, wOutReshaped);
    const wOutProductReshaped = tf.reshape(wOutProduct, [6, 5, 8]);
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
    const beforeScaled5 = tf.mul(beforeTotal3, 0.125);
    const beforeDifference2 = tf.sub(attentionSum, beforeScaled5);
    const beforeSquare2 = tf.square(beforeDifference2);
    const beforeTotal4 = tf.sum(beforeSquare2, -1, true);
    const beforeScaled6 = tf.mul(beforeTotal4, 0.125);
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
    const beforeSumReshaped2 = tf.reshape(beforeSum4, [30, 8]);
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
    const mlpSumReshaped = tf.reshape(mlpSum3, [6, 5, 8]);
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
    const gradientTotal = tf.sum(gradientSum, -1);
    const gradientTotalTransposed = tf.transpose(gradientTotal, [1, 0]);
    const biasGradient = tf.sum(gradientTotalTransposed, -1);
    const gradientSumTransposed = tf.transpose(gradientSum, [1, 0, 2]);
    const gradientSumReshaped = tf.reshape(gradientSumTransposed, [8, 30]);
    const weight = slot(`${layer}.mlp.contract.weight`);
    const gradientProduct = tf.matMul(weight, gradientSumReshaped);
    const mlpScaledReshaped = tf.reshape(mlpScaled3, [6, 5, 32]);
    tf.dispose([
      gradientTotal,
      gradientTotalTransposed,
      gradientSumTransposed,
      gradientSumReshaped,
      mlpScaled3,
    ]);
    const mlpScaledTransposed = tf.transpose(mlpScaledReshaped, [2, 1, 0]);
    const mlpScaledReshaped2 = tf.reshape(mlpScaledTransposed, [32, 30]);
    tf.dispose([mlpScaledReshaped, mlpScaledTransposed]);
    const gradientSumTransposed2 = tf.transpose(gradientSum, [0, 2, 1]);
    const gradientSumReshaped2 = tf.reshape(gradientSumTransposed2, [30, 8]);
    const weightGradient = tf.matMul(mlpScaledReshaped2, gradientSumReshaped2);
    const mlpSumReshaped = tf.reshape(mlpSum2, [6, 5, 32]);
    tf.dispose([gradientSumTransposed2, mlpScaledReshaped2, gradientSumReshaped2, mlpSum2]);
    const mlpSumTransposed = tf.transpose(mlpSumReshaped, [2, 1, 0]);
    const mlpSumReshaped2 = tf.reshape(mlpSumTransposed, [32, 30]);
    tf.dispose([mlpSumReshaped, mlpSumTransposed]);
    const gradientScaled = tf.mul(gradientProduct, mlpSumReshaped2);
    const mlpScaledReshaped3 = tf.reshape(mlpScaled, [6, 5, 32]);
    tf.dispose([mlpSumReshaped2, mlpScaled]);
    const mlpScaledTransposed2 = tf.transpose(mlpScaledReshaped3, [2, 1, 0]);
    const mlpScaledReshaped4 = tf.reshape(mlpScaledTransposed2, [32, 30]);
    tf.dispose([mlpScaledReshaped3, mlpScaledTransposed2]);
    const gradientScaled2 = tf.mul(gradientProduct, mlpScaledReshaped4);
    const gradientSquare = tf.square(mlpScaled2);
    tf.dispose([gradientProduct, mlpScaledReshaped4, mlpScaled2]);
    const gradientNegated = tf.neg(gradientSquare);
    gradientSquare.dispose();
    const gradientExponential = runtime.expOfNonPositive(gradientNegated);
    const gradientScaled3 = tf.mul(gradientExponential, 1.1283791670955126);
    const gradientScaledReshaped = tf.reshape(gradientScaled3, [6, 5, 32]);
    tf.dispose([gradientNegated, gradientExponential, gradientScaled3]);
    const gradientScaledTransposed = tf.transpose(gradientScaledReshaped, [2, 1, 0]);
    const gradientScaledReshaped2 = tf.reshape(gradientScaledTransposed, [32, 30]);
    const gradientScaled4 = tf.mul(gradientScaled2, gradientScaledReshaped2);
    tf.dispose([
      gradientScaledReshaped,
      gradientScaledTransposed,
      gradientScaled2,
      gradientScaledReshaped2,
    ]);
    const gradientScaled5 = tf.mul(gradientScaled4, 0.7071067811865476);
    const gradientScaled6 = tf.mul(gradientScaled, 0.5);
    const gradientSum2 = tf.add(gradientScaled5, gradientScaled6);
    const biasGradient2 = tf.sum(gradientSum2, -1);
    const gradientSumTransposed3 = tf.transpose(gradientSum2, [1, 0]);
    const weight2 = slot(`${layer}.mlp.expand.weight`);
    const weightTransposed = tf.transpose(weight2, [1, 0]);
    tf.dispose([gradientScaled4, gradientScaled, gradientScaled5, gradientScaled6]);
    const gradientProduct2 = tf.matMul(gradientSumTransposed3, weightTransposed);
    const beforeSumTransposed = tf.transpose(beforeSum4, [1, 0, 2]);
    const beforeSumReshaped = tf.reshape(beforeSumTransposed, [30, 8]);
    const gradientProduct3 = tf.matMul(gradientSum2, beforeSumReshaped);
    const weightGradient2 = tf.transpose(gradientProduct3, [1, 0]);
    tf.dispose([
      gradientSumTransposed3,
      weightTransposed,
      beforeSum4,
      beforeSumTransposed,
      gradientSum2,
      beforeSumReshaped,
      gradientProduct3,
    ]);

    at(5, `${layer}.mlp.before`);
    const shiftGradient = tf.sum(gradientProduct2, 0);
    const scale = slot(`${layer}.mlp.before.scale`);
    const gradientScaled7 = tf.mul(gradientProduct2, scale);
    const beforeScaledTransposed = tf.transpose(beforeScaled7, [1, 0, 2]);
    const beforeScaledReshaped = tf.reshape(beforeScaledTransposed, [30, 8]);
    const gradientScaled8 = tf.mul(gradientProduct2, beforeScaledReshaped);
    const scaleGradient = tf.sum(gradientScaled8, 0);
    const beforeInverseRootReshaped = tf.reshape(beforeInverseRoot2, [6, 5]);
    const beforeInverseRootTransposed = tf.transpose(beforeInverseRootReshaped, [1, 0]);
    const beforeInverseRootReshaped2 = tf.reshape(beforeInverseRootTransposed, [30, 1]);
    const gradientScaled9 = tf.mul(gradientScaled7, beforeInverseRootReshaped2);
    const beforeDifferenceTransposed = tf.transpose(beforeDifference2, [1, 0, 2]);
    const beforeDifferenceReshaped = tf.reshape(beforeDifferenceTransposed, [30, 8]);
    const gradientScaled10 = tf.mul(gradientScaled7, beforeDifferenceReshaped);
    const gradientTotal2 = tf.sum(gradientScaled10, -1, true);
    const gradientScaled11 = tf.mul(gradientTotal2, -0.5);
    const gradientSquare2 = tf.square(beforeInverseRoot2);
    const gradientScaled12 = tf.mul(beforeInverseRoot2, gradientSquare2);
    const gradientScaledReshaped3 = tf.reshape(gradientScaled12, [6, 5]);
    const gradientScaledTransposed2 = tf.transpose(gradientScaledReshaped3, [1, 0]);
    const gradientScaledReshaped4 = tf.reshape(gradientScaledTransposed2, [30, 1]);
    const gradientScaled13 = tf.mul(gradientScaled11, gradientScaledReshaped4);
    const gradientScaled14 = tf.mul(gradientScaled13, 0.125);
    const gradientScaled15 = tf.mul(beforeDifference2, 2);
    const gradientScaledReshaped5 = tf.reshape(gradientScaled14, [5, 6]);
    const gradientScaledTransposed3 = tf.transpose(gradientScaledReshaped5, [1, 0]);
    const gradientScaledReshaped6 = tf.reshape(gradientScaledTransposed3, [6, 5, 1]);
    const gradientScaled16 = tf.mul(gradientScaledReshaped6, gradientScaled15);
    const gradientScaledTransposed4 = tf.transpose(gradientScaled16, [1, 0, 2]);
    const gradientScaledReshaped7 = tf.reshape(gradientScaledTransposed4, [30, 8]);
    const gradientSum3 = tf.add(gradientScaled9, gradientScaledReshaped7);
    const gradientTotal3 = tf.sum(gradientSum3, -1, true);
    const gradientSumReshaped3 = tf.reshape(gradientSum3, [5, 6, 8]);
    const gradientSumTransposed4 = tf.transpose(gradientSumReshaped3, [0, 2, 1]);
    const gradientSum4 = tf.add(gradientSum, gradientSumTransposed4);
    const gradientScaled17 = tf.mul(gradientTotal3, -0.125);
    const gradientScaledReshaped8 = tf.reshape(gradientScaled17, [5, 1, 6]);
    const gradientSum5 = tf.add(gradientSum4, gradientScaledReshaped8);
    tf.dispose([
      beforeScaled7,
      beforeScaledTransposed,
      gradientProduct2,
      beforeScaledReshaped,
      gradientScaled8,
      beforeInverseRootReshaped,
      beforeInverseRootTransposed,
      beforeInverseRootReshaped2,
      beforeDifferenceTransposed,
      gradientScaled7,
      beforeDifferenceReshaped,
      gradientScaled10,
      gradientTotal2,
      beforeInverseRoot2,
      gradientSquare2,
      gradientScaled12,
      gradientScaledReshaped3,
      gradientScaledTransposed2,
      gradientScaled11,
      gradientScaledReshaped4,
      gradientScaled13,
      beforeDifference2,
      gradientScaled14,
      gradientScaledReshaped5,
      gradientScaledTransposed3,
      gradientScaled15,
      gradientScaledReshaped6,
      gradientScaled16,
      gradientScaledTransposed4,
      gradientScaled9,
      gradientScaledReshaped7,
      gradientSum3,
      gradientSumReshaped3,
      gradientSum,
      gradientSumTransposed4,
      gradientTotal3,
      gradientScaled17,
      gradientSum4,
      gradientScaledReshaped8,
    ]);

    at(6, `${layer}.attention`);
    const gradientSumTransposed5 = tf.transpose(gradientSum5, [0, 2, 1]);
    const gradientSumReshaped4 = tf.reshape(gradientSumTransposed5, [30, 8]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutTransposed = tf.transpose(wOut, [2, 0, 1]);
    const wOutReshaped = tf.reshape(wOutTransposed, [8, 8]);
    const gradientProduct4 = tf.matMul(gradientSumReshaped4, wOutReshaped);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [1, 3, 2, 0]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [8, 30]);
    const gradientProduct5 = tf.matMul(attentionProductReshaped, gradientSumReshaped4);
    const wOutGradient = tf.reshape(gradientProduct5, [2, 4, 8]);
    const gradientProductReshaped = tf.reshape(gradientProduct4, [5, 12, 4]);
    const gradientProductTransposed = tf.transpose(gradientProductReshaped, [1, 0, 2]);
    const wValueProductReshaped = tf.reshape(wValueProductTransposed, [12, 5, 4]);
    const gradientProduct6 = tf.matMul(
      gradientProductTransposed,
      wValueProductReshaped,
      false,
      true,
    );
    const attentionQuotientReshaped = tf.reshape(attentionQuotient, [12, 5, 5]);
    const gradientProduct7 = tf.matMul(
      gradientProductTransposed,
      attentionQuotientReshaped,
      true,
      false,
    );
    const attentionTotalReshaped = tf.reshape(attentionTotal, [12, 5, 1]);
    const gradientQuotient = tf.div(gradientProduct6, attentionTotalReshaped);
    const gradientQuotient2 = tf.div(attentionQuotient, attentionTotal);
    const gradientQuotientReshaped = tf.reshape(gradientQuotient2, [12, 5, 5]);
    const gradientScaled18 = tf.mul(gradientProduct6, gradientQuotientReshaped);
    const gradientTotal4 = tf.sum(gradientScaled18, -1, true);
    const gradientDifference = tf.sub(gradientQuotient, gradientTotal4);
    const attentionExponentialReshaped = tf.reshape(attentionExponential, [12, 5, 5]);
    const gradientScaled19 = tf.mul(gradientDifference, attentionExponentialReshaped);
    const gradientScaled20 = tf.mul(gradientScaled19, 0.5);
    const wKeysProductReshaped = tf.reshape(wKeysProductTransposed, [12, 5, 4]);
    const gradientProduct8 = tf.matMul(gradientScaled20, wKeysProductReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProductTransposed, [12, 5, 4]);
    const gradientProduct9 = tf.matMul(gradientScaled20, wQueryProductReshaped, true, false);
    const gradientProductReshaped2 = tf.reshape(gradientProduct7, [6, 8, 5]);
    tf.dispose([
      gradientSumTransposed5,
      wOutTransposed,
      wOutReshaped,
      attentionProduct2,
      attentionProductTransposed,
      gradientSumReshaped4,
      attentionProductReshaped,
      gradientProduct5,
      gradientProduct4,
      gradientProductReshaped,
      wValueProductTransposed,
      wValueProductReshaped,
      gradientProductTransposed,
      attentionQuotientReshaped,
      attentionTotalReshaped,
      attentionQuotient,
      attentionTotal,
      gradientQuotient2,
      gradientProduct6,
      gradientQuotientReshaped,
      gradientScaled18,
      gradientQuotient,
      gradientTotal4,
      attentionExponential,
      gradientDifference,
      attentionExponentialReshaped,
      gradientScaled19,
      wKeysProductTransposed,
      wKeysProductReshaped,
      wQueryProductTransposed,
      gradientScaled20,
      wQueryProductReshaped,
      gradientProduct7,
    ]);
    const gradientProductTransposed2 = tf.transpose(gradientProductReshaped2, [0, 2, 1]);
    const gradientProductReshaped3 = tf.reshape(gradientProductTransposed2, [30, 8]);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueTransposed = tf.transpose(wValue, [1, 2, 0]);
    const wValueReshaped = tf.reshape(wValueTransposed, [8, 8]);
    const gradientProduct10 = tf.matMul(gradientProductReshaped3, wValueReshaped);
    const beforeSumTransposed2 = tf.transpose(beforeSum2, [2, 0, 1]);
    const beforeSumReshaped2 = tf.reshape(beforeSumTransposed2, [8, 30]);
    const gradientProduct11 = tf.matMul(beforeSumReshaped2, gradientProductReshaped3);
    const wValueGradient = tf.reshape(gradientProduct11, [8, 2, 4]);
    const gradientProductReshaped4 = tf.reshape(gradientProduct9, [6, 2, 5, 4]);
    const gradientProductTransposed3 = tf.transpose(gradientProductReshaped4, [0, 2, 1, 3]);
    const gradientProductReshaped5 = tf.reshape(gradientProductTransposed3, [30, 8]);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysTransposed = tf.transpose(wKeys, [1, 2, 0]);
    const wKeysReshaped = tf.reshape(wKeysTransposed, [8, 8]);
    const gradientProduct12 = tf.matMul(gradientProductReshaped5, wKeysReshaped);
    const gradientProduct13 = tf.matMul(beforeSumReshaped2, gradientProductReshaped5);
    const wKeysGradient = tf.reshape(gradientProduct13, [8, 2, 4]);
    const gradientSum6 = tf.add(gradientProduct10, gradientProduct12);
    const gradientProductReshaped6 = tf.reshape(gradientProduct8, [6, 2, 5, 4]);
    const gradientProductTransposed4 = tf.transpose(gradientProductReshaped6, [0, 2, 1, 3]);
    const gradientProductReshaped7 = tf.reshape(gradientProductTransposed4, [30, 8]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryTransposed = tf.transpose(wQuery, [1, 2, 0]);
    const wQueryReshaped = tf.reshape(wQueryTransposed, [8, 8]);
    const gradientProduct14 = tf.matMul(gradientProductReshaped7, wQueryReshaped);
    const gradientProduct15 = tf.matMul(beforeSumReshaped2, gradientProductReshaped7);
    const wQueryGradient = tf.reshape(gradientProduct15, [8, 2, 4]);
    const gradientSum7 = tf.add(gradientSum6, gradientProduct14);
    tf.dispose([
      gradientProductReshaped2,
      gradientProductTransposed2,
      wValueTransposed,
      wValueReshaped,
      beforeSum2,
      beforeSumTransposed2,
      gradientProductReshaped3,
      gradientProduct11,
      gradientProduct9,
      gradientProductReshaped4,
      gradientProductTransposed3,
      wKeysTransposed,
      wKeysReshaped,
      gradientProductReshaped5,
      gradientProduct13,
      gradientProduct10,
      gradientProduct12,
      gradientProduct8,
      gradientProductReshaped6,
      gradientProductTransposed4,
      wQueryTransposed,
      wQueryReshaped,
      beforeSumReshaped2,
      gradientProductReshaped7,
      gradientProduct15,
      gradientSum6,
      gradientProduct14,
    ]);

    at(7, `${layer}.attention.before`);
    const shiftGradient2 = tf.sum(gradientSum7, 0);
    const scale2 = slot(`${layer}.attention.before.scale`);
    const gradientScaled21 = tf.mul(gradientSum7, scale2);
    const beforeScaledReshaped2 = tf.reshape(beforeScaled3, [30, 8]);
    const gradientScaled22 = tf.mul(gradientSum7, beforeScaledReshaped2);
    const scaleGradient2 = tf.sum(gradientScaled22, 0);
    const beforeInverseRootReshaped3 = tf.reshape(beforeInverseRoot, [30, 1]);
    const gradientScaled23 = tf.mul(gradientScaled21, beforeInverseRootReshaped3);
    const beforeDifferenceReshaped2 = tf.reshape(beforeDifference, [30, 8]);
    const gradientScaled24 = tf.mul(gradientScaled21, beforeDifferenceReshaped2);
    const gradientTotal5 = tf.sum(gradientScaled24, -1, true);
    const gradientScaled25 = tf.mul(gradientTotal5, -0.5);
    const gradientSquare3 = tf.square(beforeInverseRoot);
    const gradientScaled26 = tf.mul(beforeInverseRoot, gradientSquare3);
    const gradientScaledReshaped9 = tf.reshape(gradientScaled26, [30, 1]);
    const gradientScaled27 = tf.mul(gradientScaled25, gradientScaledReshaped9);
    const gradientScaled28 = tf.mul(gradientScaled27, 0.125);
    const gradientScaled29 = tf.mul(beforeDifference, 2);
    const gradientScaledReshaped10 = tf.reshape(gradientScaled28, [6, 5, 1]);
    const gradientScaled30 = tf.mul(gradientScaledReshaped10, gradientScaled29);
    const gradientScaledReshaped11 = tf.reshape(gradientScaled30, [30, 8]);
    const gradientSum8 = tf.add(gradientScaled23, gradientScaledReshaped11);
    const gradientTotal6 = tf.sum(gradientSum8, -1, true);
    const gradientSumReshaped5 = tf.reshape(gradientSum8, [6, 40]);
    const gradientSumTransposed6 = tf.transpose(gradientSumReshaped5, [1, 0]);
    const gradientSumReshaped6 = tf.reshape(gradientSumTransposed6, [5, 8, 6]);
    const gradientSum9 = tf.add(gradientSum5, gradientSumReshaped6);
    const gradientScaled31 = tf.mul(gradientTotal6, -0.125);
    const gradientScaledReshaped12 = tf.reshape(gradientScaled31, [6, 5]);
    const gradientScaledTransposed5 = tf.transpose(gradientScaledReshaped12, [1, 0]);
    const gradientScaledReshaped13 = tf.reshape(gradientScaledTransposed5, [5, 1, 6]);
    const gradientSum10 = tf.add(gradientSum9, gradientScaledReshaped13);
    tf.dispose([
      beforeScaled3,
      gradientSum7,
      beforeScaledReshaped2,
      gradientScaled22,
      beforeInverseRootReshaped3,
      gradientScaled21,
      beforeDifferenceReshaped2,
      gradientScaled24,
      gradientTotal5,
      beforeInverseRoot,
      gradientSquare3,
      gradientScaled26,
      gradientScaled25,
      gradientScaledReshaped9,
      gradientScaled27,
      beforeDifference,
      gradientScaled28,
      gradientScaled29,
      gradientScaledReshaped10,
      gradientScaled30,
      gradientScaled23,
      gradientScaledReshaped11,
      gradientSum8,
      gradientSumReshaped5,
      gradientSumTransposed6,
      gradientSum5,
      gradientSumReshaped6,
      gradientTotal6,
      gradientScaled31,
      gradientScaledReshaped12,
      gradientScaledTransposed5,
      gradientSum9,
      gradientScaledReshaped13,
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

  /** The update of a parameter, such as embed.weight. */
  function updateParameter(parameter, { gradient, difference, difference2, scaled }) {
    at(8, parameter);
    const m = slot(`${parameter}.m`);
    const scaled2 = tf.mul(m, 0.9);
    const scaled3 = tf.mul(gradient, 0.09999999999999998);
    const nextM = tf.add(scaled2, scaled3);
    const square = tf.square(gradient);
    const v = slot(`${parameter}.v`);
    const scaled4 = tf.mul(v, 0.999);
    const scaled5 = tf.mul(square, 0.0010000000000000009);
    const nextV = tf.add(scaled4, scaled5);
    const quotient = tf.div(nextM, difference);
    const quotient2 = tf.div(nextV, difference2);
    const root = tf.sqrt(quotient2);
    const sum = tf.add(root, 1e-8);
    const quotient3 = tf.div(quotient, sum);
    const value = slot(parameter);
    const scaled6 = tf.mul(value, 0.05);
    const sum2 = tf.add(quotient3, scaled6);
    update(`${parameter}.m`, nextM);
    update(`${parameter}.v`, nextV);
    const scaled7 = tf.mul(scaled, sum2);
    const nextValue = tf.sub(value, scaled7);
    update(parameter, nextValue);
    tf.dispose([
      scaled2,
      scaled3,
      gradient,
      square,
      scaled4,
      scaled5,
      quotient2,
      root,
      quotient,
      sum,
      quotient3,
      scaled6,
      sum2,
      scaled7,
    ]);
  }

  /** The update of a parameter, such as embed.bias. */
  function updateParameter2(parameter, { gradient, difference, difference2, scaled }) {
    at(9, parameter);
    const m = slot(`${parameter}.m`);
    const scaled2 = tf.mul(m, 0.9);
    const scaled3 = tf.mul(gradient, 0.09999999999999998);
    const nextM = tf.add(scaled2, scaled3);
    const square = tf.square(gradient);
    const v = slot(`${parameter}.v`);
    const scaled4 = tf.mul(v, 0.999);
    const scaled5 = tf.mul(square, 0.0010000000000000009);
    const nextV = tf.add(scaled4, scaled5);
    const quotient = tf.div(nextM, difference);
    const quotient2 = tf.div(nextV, difference2);
    const root = tf.sqrt(quotient2);
    const sum = tf.add(root, 1e-8);
    const quotient3 = tf.div(quotient, sum);
    update(`${parameter}.m`, nextM);
    update(`${parameter}.v`, nextV);
    const scaled6 = tf.mul(scaled, quotient3);
    const value = slot(parameter);
    const nextValue = tf.sub(value, scaled6);
    update(parameter, nextValue);
    tf.dispose([
      scaled2,
      scaled3,
      gradient,
      square,
      scaled4,
      scaled5,
      quotient2,
      root,
      quotient,
      sum,
      quotient3,
      scaled6,
    ]);
  }

  /** encoder.0, encoder.1: forward. */
  function encoderInEvaluation(layer, sum) {
    // {layer}.attention.before
    const beforeTotal = tf.sum(sum, -1, true);
    const beforeScaled = tf.mul(beforeTotal, 0.125);
    const beforeDifference = tf.sub(sum, beforeScaled);
    const beforeSquare = tf.square(beforeDifference);
    const beforeTotal2 = tf.sum(beforeSquare, -1, true);
    const beforeScaled2 = tf.mul(beforeTotal2, 0.125);
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
    const beforeSumReshaped = tf.reshape(beforeSum2, [30, 8]);
    const wQuery = slot(`${layer}.attention.w_query`);
    const wQueryReshaped = tf.reshape(wQuery, [8, 8]);
    const wQueryProduct = tf.matMul(beforeSumReshaped, wQueryReshaped);
    const wKeys = slot(`${layer}.attention.w_keys`);
    const wKeysReshaped = tf.reshape(wKeys, [8, 8]);
    const wKeysProduct = tf.matMul(beforeSumReshaped, wKeysReshaped);
    const wValue = slot(`${layer}.attention.w_value`);
    const wValueReshaped = tf.reshape(wValue, [8, 8]);
    const wValueProduct = tf.matMul(beforeSumReshaped, wValueReshaped);
    const wQueryProductReshaped = tf.reshape(wQueryProduct, [6, 5, 2, 4]);
    const wQueryProductTransposed = tf.transpose(wQueryProductReshaped, [0, 2, 1, 3]);
    const wKeysProductReshaped = tf.reshape(wKeysProduct, [6, 5, 2, 4]);
    const wKeysProductTransposed = tf.transpose(wKeysProductReshaped, [0, 2, 1, 3]);
    const attentionProduct = tf.matMul(
      wQueryProductTransposed,
      wKeysProductTransposed,
      false,
      true,
    );
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
    ]);
    const attentionScaled = tf.mul(attentionProduct, 0.5);
    const attentionMaximum = tf.max(attentionScaled, -1, true);
    const attentionDifference = tf.sub(attentionScaled, attentionMaximum);
    const attentionExponential = runtime.expOfNonPositive(attentionDifference);
    const attentionTotal = tf.sum(attentionExponential, -1, true);
    const attentionQuotient = tf.div(attentionExponential, attentionTotal);
    const wValueProductReshaped = tf.reshape(wValueProduct, [6, 5, 2, 4]);
    const wValueProductTransposed = tf.transpose(wValueProductReshaped, [0, 2, 1, 3]);
    const attentionProduct2 = tf.matMul(attentionQuotient, wValueProductTransposed);
    const attentionProductTransposed = tf.transpose(attentionProduct2, [0, 2, 1, 3]);
    const attentionProductReshaped = tf.reshape(attentionProductTransposed, [30, 8]);
    tf.dispose([
      attentionProduct,
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
    ]);
    const wOut = slot(`${layer}.attention.w_out`);
    const wOutReshaped = tf.reshape(wOut, [8, 8]);
    const wOutProduct = tf.matMul(attentionProductReshaped, wOutReshaped);
    const wOutProductReshaped = tf.reshape(wOutProduct, [6, 5, 8]);
    const attentionSum = tf.add(sum, wOutProductReshaped);
    tf.dispose([attentionProductReshaped, wOutReshaped, wOutProduct, sum, wOutProductReshaped]);

    // {layer}.mlp.before
    const beforeTotal3 = tf.sum(attentionSum, -1, true);
    const beforeScaled5 = tf.mul(beforeTotal3, 0.125);
    const beforeDifference2 = tf.sub(attentionSum, beforeScaled5);
    const beforeSquare2 = tf.square(beforeDifference2);
    const beforeTotal4 = tf.sum(beforeSquare2, -1, true);
    const beforeScaled6 = tf.mul(beforeTotal4, 0.125);
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
    const beforeSumReshaped2 = tf.reshape(beforeSum4, [30, 8]);
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
    const mlpSumReshaped = tf.reshape(mlpSum3, [6, 5, 8]);
    const mlpSum4 = tf.add(attentionSum, mlpSumReshaped);
    tf.dispose([mlpScaled3, weightProduct2, mlpSum3, attentionSum, mlpSumReshaped]);
    return mlpSum4;
  }

  return {
    /** Draws the first value of every parameter and state. */
    initialise() {
      // embed.weight
      const weightNormal = runtime.normal("embed.weight", [5, 8]);
      const nextWeight = tf.mul(weightNormal, 0.05);
      update("embed.weight", nextWeight);
      const nextM = tf.fill([5, 8], 0);
      update("embed.weight.m", nextM);
      const nextV = tf.fill([5, 8], 0);
      update("embed.weight.v", nextV);
      weightNormal.dispose();

      // embed.bias
      const nextBias = tf.fill([8], 0);
      update("embed.bias", nextBias);
      const nextM2 = tf.fill([8], 0);
      update("embed.bias.m", nextM2);
      const nextV2 = tf.fill([8], 0);
      update("embed.bias.v", nextV2);

      // cls
      const clsNormal = runtime.normal("cls", [8]);
      const nextCls = tf.mul(clsNormal, 0.05);
      update("cls", nextCls);
      const nextM3 = tf.fill([8], 0);
      update("cls.m", nextM3);
      const nextV3 = tf.fill([8], 0);
      update("cls.v", nextV3);
      clsNormal.dispose();

      // position
      const positionNormal = runtime.normal("position", [5, 8]);
      const nextPosition = tf.mul(positionNormal, 0.05);
      update("position", nextPosition);
      const nextM4 = tf.fill([5, 8], 0);
      update("position.m", nextM4);
      const nextV4 = tf.fill([5, 8], 0);
      update("position.v", nextV4);
      positionNormal.dispose();
      encoderInitialise("encoder.0");
      encoderInitialise("encoder.1");

      // final.scale
      const nextScale = tf.fill([8], 1);
      update("final.scale", nextScale);
      const nextM5 = tf.fill([8], 0);
      update("final.scale.m", nextM5);
      const nextV5 = tf.fill([8], 0);
      update("final.scale.v", nextV5);

      // final.shift
      const nextShift = tf.fill([8], 0);
      update("final.shift", nextShift);
      const nextM6 = tf.fill([8], 0);
      update("final.shift.m", nextM6);
      const nextV6 = tf.fill([8], 0);
      update("final.shift.v", nextV6);

      // head.weight
      const weightNormal2 = runtime.normal("head.weight", [8, 3]);
      const nextWeight2 = tf.mul(weightNormal2, 0.05);
      update("head.weight", nextWeight2);
      const nextM7 = tf.fill([8, 3], 0);
      update("head.weight.m", nextM7);
      const nextV7 = tf.fill([8, 3], 0);
      update("head.weight.v", nextV7);
      weightNormal2.dispose();

      // head.bias
      const nextBias2 = tf.fill([3], 0);
      update("head.bias", nextBias2);
      const nextM8 = tf.fill([3], 0);
      update("head.bias.m", nextM8);
      const nextV8 = tf.fill([3], 0);
      update("head.bias.v", nextV8);
      return {};
    },

    /** The loss and the reports in training, for checks. */
    forward() {
      const positions = tf.range(0, 18, 3, "int32");
      const positionsReshaped = tf.reshape(positions, [6, 1]);

      // embed
      const image = input("image");
      const imageReshaped = tf.reshape(image, [24, 5]);
      const weight = slot("embed.weight");
      const weightProduct = tf.matMul(imageReshaped, weight);
      const bias = slot("embed.bias");
      const embedSum = tf.add(weightProduct, bias);
      tf.dispose([imageReshaped, weightProduct]);
      const cls = slot("cls");
      const clsRepeated = runtime.broadcastTo(cls, [6, 8]);
      const clsReshaped = tf.reshape(clsRepeated, [6, 1, 8]);
      const embedSumReshaped = tf.reshape(embedSum, [6, 4, 8]);
      const joined = tf.concat([clsReshaped, embedSumReshaped], 1);
      const position = slot("position");
      const sum = tf.add(joined, position);
      tf.dispose([clsRepeated, embedSum, clsReshaped, embedSumReshaped, joined]);
      const encoder0 = encoderInTraining("encoder.0", sum);
      const encoder1 = encoderInTraining("encoder.1", encoder0);

      // final
      const finalTotal = tf.sum(encoder1, -1, true);
      const finalScaled = tf.mul(finalTotal, 0.125);
      const finalDifference = tf.sub(encoder1, finalScaled);
      const finalSquare = tf.square(finalDifference);
      const finalTotal2 = tf.sum(finalSquare, -1, true);
      const finalScaled2 = tf.mul(finalTotal2, 0.125);
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
      const finalSumPart = tf.slice(finalSum2, [0, 0, 0], [6, 1, 8]);
      const finalSumReshaped = tf.reshape(finalSumPart, [6, 8]);
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
      const labelReshaped = tf.reshape(label, [6, 1]);
      const sum2 = tf.add(labelReshaped, positionsReshaped);
      const sumReshaped = tf.reshape(sum2, [6]);
      const differenceReshaped = tf.reshape(difference, [18]);
      const rows = tf.gather(differenceReshaped, sumReshaped);
      const difference2 = tf.sub(logarithm, rows);
      const headSumReshaped = tf.reshape(headSum, [18]);
      const rows2 = tf.gather(headSumReshaped, sumReshaped);
      const maximumReshaped = tf.reshape(maximum, [6]);
      const isEqual = tf.equal(rows2, maximumReshaped);
      const isEqualCast = tf.cast(isEqual, "float32");
      const total2 = tf.sum(difference2);
      const scaled = tf.mul(total2, 0.16666666666666666);
      const total3 = tf.sum(isEqualCast);
      const scaled2 = tf.mul(total3, 0.16666666666666666);
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
      return { loss: scaled, accuracy: scaled2 };
    },

    /** One training step: forward, backward, and the next values of all parameters and states. */
    step() {
      at(10, "");
      const positions = tf.range(0, 18, 3, "int32");
      const positionsReshaped = tf.reshape(positions, [6, 1]);
      const filled = tf.fill([6, 1], -0.16666666666666666);
      const filledReshaped = tf.reshape(filled, [6]);

      at(11, "embed");
      const image = input("image");
      const imageReshaped = tf.reshape(image, [24, 5]);
      const weight = slot("embed.weight");
      const weightProduct = tf.matMul(imageReshaped, weight);
      const bias = slot("embed.bias");
      const embedSum = tf.add(weightProduct, bias);
      tf.dispose([imageReshaped, weightProduct]);

      at(12, "");
      const cls = slot("cls");
      const clsRepeated = runtime.broadcastTo(cls, [6, 8]);
      const clsReshaped = tf.reshape(clsRepeated, [6, 1, 8]);
      const embedSumReshaped = tf.reshape(embedSum, [6, 4, 8]);
      const joined = tf.concat([clsReshaped, embedSumReshaped], 1);
      const position = slot("position");
      const sum = tf.add(joined, position);
      tf.dispose([clsRepeated, embedSum, clsReshaped, embedSumReshaped, joined]);
      const encoder0 = encoderForward("encoder.0", sum);
      const encoder1 = encoderForward("encoder.1", encoder0.mlpSum4);

      at(13, "final");
      const finalTotal = tf.sum(encoder1.mlpSum4, -1, true);
      const finalScaled = tf.mul(finalTotal, 0.125);
      const finalDifference = tf.sub(encoder1.mlpSum4, finalScaled);
      const finalSquare = tf.square(finalDifference);
      const finalTotal2 = tf.sum(finalSquare, -1, true);
      const finalScaled2 = tf.mul(finalTotal2, 0.125);
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

      at(14, "head");
      const finalSumPart = tf.slice(finalSum2, [0, 0, 0], [6, 1, 8]);
      const finalSumReshaped = tf.reshape(finalSumPart, [6, 8]);
      const weight2 = slot("head.weight");
      const weightProduct2 = tf.matMul(finalSumReshaped, weight2);
      const bias2 = slot("head.bias");
      const headSum = tf.add(weightProduct2, bias2);
      tf.dispose([finalSum2, finalSumReshaped, weightProduct2]);

      at(15, "");
      const maximum = tf.max(headSum, -1, true);
      const difference = tf.sub(headSum, maximum);
      const exponential = runtime.expOfNonPositive(difference);
      const total = tf.sum(exponential, -1, true);
      const logarithm = tf.log(total);
      const label = input("label");
      const labelReshaped = tf.reshape(label, [6, 1]);
      const sum2 = tf.add(labelReshaped, positionsReshaped);
      const sumReshaped = tf.reshape(sum2, [6]);
      const differenceReshaped = tf.reshape(difference, [18]);
      const rows = tf.gather(differenceReshaped, sumReshaped);
      const rowsReshaped = tf.reshape(rows, [6, 1]);
      const difference2 = tf.sub(logarithm, rowsReshaped);
      const headSumReshaped = tf.reshape(headSum, [18]);
      const rows2 = tf.gather(headSumReshaped, sumReshaped);
      const maximumReshaped = tf.reshape(maximum, [6]);
      const isEqual = tf.equal(rows2, maximumReshaped);
      const isEqualCast = tf.cast(isEqual, "float32");
      const differenceReshaped2 = tf.reshape(difference2, [6]);
      const total2 = tf.sum(differenceReshaped2);
      const scaled = tf.mul(total2, 0.16666666666666666);
      const total3 = tf.sum(isEqualCast);
      const scaled2 = tf.mul(total3, 0.16666666666666666);
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

      at(16, "");
      const labelReshaped2 = tf.reshape(label, [6, 1]);
      const gradientSum = tf.add(labelReshaped2, positionsReshaped);
      const gradientScattered = tf.scatterND(gradientSum, filledReshaped, [18]);
      const gradientQuotient = tf.div(0.16666666666666666, total);
      const gradientScaled = tf.mul(gradientQuotient, exponential);
      const gradientScaledReshaped = tf.reshape(gradientScaled, [18]);
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

      at(17, "head");
      const gradientSumReshaped = tf.reshape(gradientSum2, [6, 3]);
      const gradientSumTransposed = tf.transpose(gradientSumReshaped, [1, 0]);
      const biasGradient = tf.sum(gradientSumTransposed, -1);
      const gradientProduct = tf.matMul(weight2, gradientSumTransposed);
      const finalSumReshaped2 = tf.reshape(finalSumPart, [6, 8]);
      const finalSumTransposed = tf.transpose(finalSumReshaped2, [1, 0]);
      const weightGradient = tf.matMul(finalSumTransposed, gradientSumReshaped);
      const gradientProductReshaped = tf.reshape(gradientProduct, [1, 8, 6]);
      const gradientPadded = tf.pad(gradientProductReshaped, [
        [0, 4],
        [0, 0],
        [0, 0],
      ]);
      tf.dispose([
        gradientSum2,
        gradientSumTransposed,
        finalSumPart,
        finalSumReshaped2,
        gradientSumReshaped,
        finalSumTransposed,
        gradientProductReshaped,
      ]);

      at(18, "final");
      const shiftGradient = tf.sum(gradientProduct, -1);
      const scaleReshaped = tf.reshape(scale, [8, 1]);
      const gradientScaled2 = tf.mul(gradientPadded, scaleReshaped);
      const finalScaledTransposed = tf.transpose(finalScaled3, [1, 2, 0]);
      const gradientScaled3 = tf.mul(gradientPadded, finalScaledTransposed);
      const gradientTotal = tf.sum(gradientScaled3, -1);
      const scaleGradient = tf.sum(gradientTotal, 0);
      const finalInverseRootReshaped = tf.reshape(finalInverseRoot, [6, 5]);
      const finalInverseRootTransposed = tf.transpose(finalInverseRootReshaped, [1, 0]);
      const finalInverseRootReshaped2 = tf.reshape(finalInverseRootTransposed, [5, 1, 6]);
      const gradientScaled4 = tf.mul(gradientScaled2, finalInverseRootReshaped2);
      const finalDifferenceTransposed = tf.transpose(finalDifference, [1, 2, 0]);
      const gradientScaled5 = tf.mul(gradientScaled2, finalDifferenceTransposed);
      const gradientTotal2 = tf.sum(gradientScaled5, 1);
      const gradientScaled6 = tf.mul(gradientTotal2, -0.5);
      const gradientSquare = tf.square(finalInverseRoot);
      const gradientScaled7 = tf.mul(finalInverseRoot, gradientSquare);
      const gradientScaledReshaped2 = tf.reshape(gradientScaled7, [6, 5]);
      const gradientScaledTransposed = tf.transpose(gradientScaledReshaped2, [1, 0]);
      const gradientScaled8 = tf.mul(gradientScaled6, gradientScaledTransposed);
      const gradientScaled9 = tf.mul(gradientScaled8, 0.125);
      tf.dispose([
        gradientProduct,
        scaleReshaped,
        finalScaled3,
        gradientPadded,
        finalScaledTransposed,
        gradientScaled3,
        gradientTotal,
        finalInverseRootReshaped,
        finalInverseRootTransposed,
        finalInverseRootReshaped2,
        gradientScaled2,
        finalDifferenceTransposed,
        gradientScaled5,
        gradientTotal2,
        finalInverseRoot,
        gradientSquare,
        gradientScaled7,
        gradientScaledReshaped2,
        gradientScaled6,
        gradientScaledTransposed,
        gradientScaled8,
      ]);
      const gradientScaled10 = tf.mul(finalDifference, 2);
      const gradientScaledTransposed2 = tf.transpose(gradientScaled9, [1, 0]);
      const gradientScaledReshaped3 = tf.reshape(gradientScaledTransposed2, [6, 5, 1]);
      const gradientScaled11 = tf.mul(gradientScaledReshaped3, gradientScaled10);
      const gradientScaledTransposed3 = tf.transpose(gradientScaled11, [1, 2, 0]);
      const gradientSum3 = tf.add(gradientScaled4, gradientScaledTransposed3);
      const gradientTotal3 = tf.sum(gradientSum3, 1);
      const gradientScaled12 = tf.mul(gradientTotal3, -0.125);
      const gradientScaledReshaped4 = tf.reshape(gradientScaled12, [5, 1, 6]);
      const gradientSum4 = tf.add(gradientSum3, gradientScaledReshaped4);
      tf.dispose([
        finalDifference,
        gradientScaled9,
        gradientScaledTransposed2,
        gradientScaled10,
        gradientScaledReshaped3,
        gradientScaled11,
        gradientScaled4,
        gradientScaledTransposed3,
        gradientTotal3,
        gradientScaled12,
        gradientSum3,
        gradientScaledReshaped4,
      ]);
      const encoder1Backward = encoderBackward("encoder.1", {
        ...encoder1,
        gradientSum: gradientSum4,
      });
      const encoder0Backward = encoderBackward("encoder.0", {
        ...encoder0,
        gradientSum: encoder1Backward.gradientSum10,
      });

      at(19, "");
      const positionGradient = tf.sum(encoder0Backward.gradientSum10, -1);
      const gradientSumPart = tf.slice(encoder0Backward.gradientSum10, [0, 0, 0], [1, 8, 6]);
      const gradientSumPart2 = tf.slice(encoder0Backward.gradientSum10, [1, 0, 0], [4, 8, 6]);
      const gradientSumReshaped2 = tf.reshape(gradientSumPart, [8, 6]);
      const clsGradient = tf.sum(gradientSumReshaped2, -1);
      tf.dispose([encoder0Backward.gradientSum10, gradientSumPart, gradientSumReshaped2]);

      at(20, "embed");
      const gradientTotal4 = tf.sum(gradientSumPart2, -1);
      const gradientTotalTransposed = tf.transpose(gradientTotal4, [1, 0]);
      const biasGradient2 = tf.sum(gradientTotalTransposed, -1);
      const gradientSumTransposed2 = tf.transpose(gradientSumPart2, [1, 2, 0]);
      const gradientSumReshaped3 = tf.reshape(gradientSumTransposed2, [8, 24]);
      const imageReshaped2 = tf.reshape(image, [24, 5]);
      const gradientProduct2 = tf.matMul(gradientSumReshaped3, imageReshaped2);
      const weightGradient2 = tf.transpose(gradientProduct2, [1, 0]);
      tf.dispose([
        gradientTotal4,
        gradientTotalTransposed,
        gradientSumPart2,
        gradientSumTransposed2,
        gradientSumReshaped3,
        imageReshaped2,
        gradientProduct2,
      ]);

      at(21, "");
      const step = input("step");
      const sum3 = tf.add(step, 1);
      const steps = input("steps");
      const quotient = tf.div(sum3, steps);
      const difference3 = tf.sub(1, quotient);
      const scaled3 = tf.mul(difference3, 0.001);
      const power = tf.pow(0.9, sum3);
      const difference4 = tf.sub(1, power);
      const power2 = tf.pow(0.999, sum3);
      const difference5 = tf.sub(1, power2);
      tf.dispose([quotient, difference3, power, sum3, power2]);
      updateParameter("embed.weight", {
        gradient: weightGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("embed.bias", {
        gradient: biasGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("cls", {
        gradient: clsGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("position", {
        gradient: positionGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.0.attention.before.scale", {
        gradient: encoder0Backward.scaleGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.0.attention.before.shift", {
        gradient: encoder0Backward.shiftGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.0.attention.w_query", {
        gradient: encoder0Backward.wQueryGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.0.attention.w_keys", {
        gradient: encoder0Backward.wKeysGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.0.attention.w_value", {
        gradient: encoder0Backward.wValueGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.0.attention.w_out", {
        gradient: encoder0Backward.wOutGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.0.mlp.before.scale", {
        gradient: encoder0Backward.scaleGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.0.mlp.before.shift", {
        gradient: encoder0Backward.shiftGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.0.mlp.expand.weight", {
        gradient: encoder0Backward.weightGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.0.mlp.expand.bias", {
        gradient: encoder0Backward.biasGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.0.mlp.contract.weight", {
        gradient: encoder0Backward.weightGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.0.mlp.contract.bias", {
        gradient: encoder0Backward.biasGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.1.attention.before.scale", {
        gradient: encoder1Backward.scaleGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.1.attention.before.shift", {
        gradient: encoder1Backward.shiftGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.1.attention.w_query", {
        gradient: encoder1Backward.wQueryGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.1.attention.w_keys", {
        gradient: encoder1Backward.wKeysGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.1.attention.w_value", {
        gradient: encoder1Backward.wValueGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.1.attention.w_out", {
        gradient: encoder1Backward.wOutGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.1.mlp.before.scale", {
        gradient: encoder1Backward.scaleGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.1.mlp.before.shift", {
        gradient: encoder1Backward.shiftGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.1.mlp.expand.weight", {
        gradient: encoder1Backward.weightGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.1.mlp.expand.bias", {
        gradient: encoder1Backward.biasGradient2,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("encoder.1.mlp.contract.weight", {
        gradient: encoder1Backward.weightGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("encoder.1.mlp.contract.bias", {
        gradient: encoder1Backward.biasGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("final.scale", {
        gradient: scaleGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("final.shift", {
        gradient: shiftGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter("head.weight", {
        gradient: weightGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      updateParameter2("head.bias", {
        gradient: biasGradient,
        difference: difference4,
        difference2: difference5,
        scaled: scaled3,
      });
      tf.dispose([difference4, difference5]);
      tf.dispose([positions, positionsReshaped, filled, filledReshaped]);
      return { loss: scaled, rate: scaled3, accuracy: scaled2 };
    },

    /** The loss and the reports on held-out examples. */
    evaluate() {
      const positions = tf.range(0, 18, 3, "int32");
      const positionsReshaped = tf.reshape(positions, [6, 1]);

      // embed
      const image = input("image");
      const imageReshaped = tf.reshape(image, [24, 5]);
      const weight = slot("embed.weight");
      const weightProduct = tf.matMul(imageReshaped, weight);
      const bias = slot("embed.bias");
      const embedSum = tf.add(weightProduct, bias);
      tf.dispose([imageReshaped, weightProduct]);
      const cls = slot("cls");
      const clsRepeated = runtime.broadcastTo(cls, [6, 8]);
      const clsReshaped = tf.reshape(clsRepeated, [6, 1, 8]);
      const embedSumReshaped = tf.reshape(embedSum, [6, 4, 8]);
      const joined = tf.concat([clsReshaped, embedSumReshaped], 1);
      const position = slot("position");
      const sum = tf.add(joined, position);
      tf.dispose([clsRepeated, embedSum, clsReshaped, embedSumReshaped, joined]);
      const encoder0 = encoderInEvaluation("encoder.0", sum);
      const encoder1 = encoderInEvaluation("encoder.1", encoder0);

      // final
      const finalTotal = tf.sum(encoder1, -1, true);
      const finalScaled = tf.mul(finalTotal, 0.125);
      const finalDifference = tf.sub(encoder1, finalScaled);
      const finalSquare = tf.square(finalDifference);
      const finalTotal2 = tf.sum(finalSquare, -1, true);
      const finalScaled2 = tf.mul(finalTotal2, 0.125);
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
      const finalSumPart = tf.slice(finalSum2, [0, 0, 0], [6, 1, 8]);
      const finalSumReshaped = tf.reshape(finalSumPart, [6, 8]);
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
      const labelReshaped = tf.reshape(label, [6, 1]);
      const sum2 = tf.add(labelReshaped, positionsReshaped);
      const sumReshaped = tf.reshape(sum2, [6]);
      const differenceReshaped = tf.reshape(difference, [18]);
      const rows = tf.gather(differenceReshaped, sumReshaped);
      const difference2 = tf.sub(logarithm, rows);
      const headSumReshaped = tf.reshape(headSum, [18]);
      const rows2 = tf.gather(headSumReshaped, sumReshaped);
      const maximumReshaped = tf.reshape(maximum, [6]);
      const isEqual = tf.equal(rows2, maximumReshaped);
      const isEqualCast = tf.cast(isEqual, "float32");
      const valid = input("valid");
      const scaled = tf.mul(difference2, valid);
      const total2 = tf.sum(scaled);
      const total3 = tf.sum(valid);
      const quotient = tf.div(total2, total3);
      const scaled2 = tf.mul(isEqualCast, valid);
      const total4 = tf.sum(scaled2);
      const quotient2 = tf.div(total4, total3);
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
      return { loss: quotient, accuracy: quotient2 };
    },
  };
}

/** For each section of a step, marked by `at`: its phase, and the operation and source of each call. */
export const origins = [
  "forward reduce_sum@model.norm:27:3 mul sub mul reduce_sum mul add rsqrt mul mul add",
  "forward contract@model.norm:20:3 contract contract contract contract contract contract contract contract contract contract contract mul reduce_max sub exp reduce_sum div contract contract contract contract contract contract contract add add",
  "forward reduce_sum@model.norm:21:3 mul sub mul reduce_sum mul add rsqrt mul mul add",
  "forward contract@model.norm:14:3 contract add mul mul erf add mul contract add add add",
  "backward reduce_sum@model.norm:14:3 reduce_sum reduce_sum contract contract contract contract contract contract contract contract contract mul mul mul mul mul mul mul mul mul neg exp mul mul mul mul mul mul mul add reduce_sum contract contract contract contract contract contract contract",
  "backward reduce_sum@model.norm:21:3 mul mul mul mul reduce_sum mul mul mul mul mul mul mul reduce_sum mul mul mul mul mul mul mul mul mul mul mul mul mul add add add reduce_sum add add add mul add add",
  "backward contract@model.norm:20:3 contract contract contract contract contract contract contract contract contract contract contract contract contract contract div div div mul mul reduce_sum sub mul mul mul contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract contract add contract contract contract contract contract contract contract contract add",
  "backward reduce_sum@model.norm:27:3 mul mul mul reduce_sum mul mul mul mul reduce_sum mul mul mul mul mul mul mul mul mul add add reduce_sum add add add add mul add add add add",
  "update mul@optimizers.norm:3:5 mul add mul mul mul add div div sqrt add div mul add mul sub",
  "update mul@optimizers.norm:3:5 mul add mul mul mul add div div sqrt add div mul sub",
  "forward take@model.norm:1:3 take scatter_add scatter_add",
  "forward contract@model.norm:6:3 contract add",
  "forward concatenate@model.norm:1:3 concatenate concatenate concatenate add",
  "forward reduce_sum@model.norm:6:3 mul sub mul reduce_sum mul add rsqrt mul mul add",
  "forward slice@model.norm:5:3 contract contract add",
  "forward reduce_max@model.norm:1:3 sub exp reduce_sum log take take take take take sub sub take take equal equal cast reduce_sum reduce_sum mul reduce_sum mul",
  "backward scatter_add@model.norm:1:3 scatter_add scatter_add div mul add add",
  "backward reduce_sum@model.norm:5:3 reduce_sum reduce_sum contract contract contract contract pad pad",
  "backward reduce_sum@model.norm:6:3 mul mul mul mul reduce_sum reduce_sum mul mul mul mul mul mul reduce_sum mul mul mul mul mul mul mul mul mul mul mul add add reduce_sum mul add add",
  "backward reduce_sum@model.norm:1:3 slice slice reduce_sum reduce_sum",
  "backward reduce_sum@model.norm:6:3 reduce_sum reduce_sum contract contract contract contract contract",
  "update add div sub mul pow sub pow sub",
];
