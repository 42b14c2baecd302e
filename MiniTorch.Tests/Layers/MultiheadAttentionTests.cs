using MiniTorch.Nn;

namespace MiniTorch.Tests.Layers;

public class MultiheadAttentionTests
{
    [Test]
    public void Attention_without_weights_gives_the_same_output_from_its_fused_kernel()
    {
        var attention = new MultiheadAttention(8, 2, generator: new Generator(1));
        Tensor query = Tensor.Randn([3, 2, 8], new Generator(2)), key = Tensor.Randn([5, 2, 8], new Generator(3));
        var padded = new AttentionOptions
        {
            KeyPaddingMask =
            Tensor.From(new[,] { { false, false, false, false, false }, { false, false, true, false, true } })
        };
        (Tensor output, Tensor? weights) = attention.Call(query, key, key, padded with { NeedWeights = false });
        weights.ShouldBeNull();
        output.AllClose(attention.Call(query, key, key, padded).Output, 1e-5, 1e-6).ShouldBeTrue();
    }

    [Test]
    public void MultiheadAttention_of_a_sequence_that_is_all_padding_gives_the_output_bias_and_no_other_gradient(
        [Values(DType.Float32, DType.Float64)] DType dtype,
        [Values] bool needsWeights, [Values] bool isPadding, [Values] bool isBool, [Values] bool dropsOut)
    {
        double tolerance = dtype == DType.Float32 ? 2e-5 : 1e-12;
        for (int steps = 1; steps <= 40; steps++)
        {
            // A dropout of 1e-9 drops nothing, and takes the path that could.
            double dropout = dropsOut ? 1e-9 : 0;
            var attention = new MultiheadAttention(4, 2, dropout, batchFirst: true, dtype: dtype, generator: new Generator(steps));
            Init.Normal(attention.OutProj.Bias!, generator: new Generator(steps));
            Tensor x = Tensor.Randn([2, steps, 4], new Generator(steps), dtype);
            Tensor isHidden = Tensor.From(new[] { false, true });
            var options = new AttentionOptions { NeedWeights = needsWeights };
            if (isPadding) options = options with { KeyPaddingMask = Mask(isHidden.Unsqueeze(1).Expand(2, steps)) };
            else options = options with { AttnMask = Mask(isHidden.Unsqueeze(1).Expand(2, 2).Reshape(4, 1, 1).Expand(4, steps, steps)) };

            (Tensor output, Tensor? weights) = attention.Call(x, x, x, options);
            weights?[1].ToArray<double>().ShouldAllBe(weight => weight == 0, $"{steps} steps");
            Tensor bias = attention.OutProj.Bias!.Detach();
            output[1].ToArray<double>().ShouldBe(bias.Expand(steps, 4).ToArray<double>());
            Tensor alone = x[..1], expected = attention.Call(alone, alone, alone, new AttentionOptions { NeedWeights = needsWeights }).Output;
            Tensor[] all = Gradients(attention, output), one = Gradients(attention, expected);
            // Rounding is relative to the terms of a gradient's sum, some of which cancel.
            for (int i = 0; i < all.Length; i++)
                all[i].AllClose(one[i], 0, tolerance * one[i].Abs().Max().Item<double>()).ShouldBeTrue($"{steps} steps, parameter {i}");

            Tensor Mask(Tensor hidden) => isBool ? hidden : Tensor.Zeros(hidden.Shape, dtype).MaskedFill(hidden, double.NegativeInfinity);
        }

        // The gradients of all parameters but the output's bias, and the gradients of their squares.
        static Tensor[] Gradients(MultiheadAttention attention, Tensor output)
        {
            Tensor[] parameters = [attention.InProjWeight!, attention.InProjBias!, attention.OutProj.Weight];
            Tensor[] once = MiniTorch.Autograd.Grad(output.Square().Sum(), parameters, createGraph: true);
            return [.. once, .. MiniTorch.Autograd.Grad(once[0].Square().Sum(), parameters.AsSpan(..2))];
        }
    }
}
