using MiniTorch.Nn;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Layers;

/// <summary>Transformer layers and stacks beyond PyTorch 1.13's rows.</summary>
public class TransformerTests
{
    // PyTorch has bias=False since 2.1: the same layer without the terms.
    [Test]
    public void A_layer_without_biases_equals_one_whose_biases_are_zero()
    {
        var bare = new TransformerDecoderLayer(4, 2, 6, dropout: 0, bias: false, generator: new Generator(1));
        var full = new TransformerDecoderLayer(4, 2, 6, dropout: 0, generator: new Generator(2));
        bare.StateDict().Keys.ShouldBe(full.StateDict().Keys.Where(name => !name.EndsWith("bias", StringComparison.Ordinal)));
        full.LoadStateDict(bare.StateDict(), strict: false);
        foreach ((string name, Parameter parameter) in full.NamedParameters())
            if (name.EndsWith("bias", StringComparison.Ordinal)) Init.Zeros(parameter.Detach());
        (Tensor target, Tensor memory) = (Tensor.Randn([3, 2, 4], new Generator(3)), Tensor.Randn([5, 2, 4], new Generator(4)));
        bare.Call(target, memory).AllClose(full.Call(target, memory)).ShouldBeTrue();
    }

    [Test]
    public void The_layers_of_a_stack_start_equal_and_draw_different_masks_from_one_generator()
    {
        var layer = new TransformerEncoderLayer(8, 2, 16, dropout: 0.5, generator: new Generator(1));
        var stack = new TransformerEncoder(layer, 2);
        OrderedDictionary<string, Tensor> state = stack.StateDict();
        foreach ((string name, Tensor value) in layer.StateDict())
            for (int i = 0; i < 2; i++) state[$"layers.{i}.{name}"].ToArray<float>().ShouldBe(value.ToArray<float>());
        stack.Parameters().ShouldNotContain(parameter => layer.Parameters().Contains(parameter));

        var masks = new List<float[]>();
        foreach ((string name, Module module) in stack.NamedModules())
            if (name.EndsWith("dropout1", StringComparison.Ordinal))
                module.RegisterForwardHook((_, inputs, output) => masks.Add(((Tensor)output! / (Tensor)inputs[0]!).ToArray<float>()));
        stack.Call(Tensor.Randn([4, 3, 8], new Generator(2)));
        masks.Count.ShouldBe(2);
        masks[0].Select(value => value == 0).ShouldNotBe(masks[1].Select(value => value == 0));
    }

    [Test]
    public void A_causal_decoder_sees_nothing_of_later_targets_or_of_padded_memory()
    {
        var decoder = new TransformerDecoder(new TransformerDecoderLayer(4, 2, 6, batchFirst: true, dtype: DType.Float64), 2);
        decoder.Eval();
        Tensor target = Tensor.Randn([1, 4, 4], new Generator(1), DType.Float64), memory = Tensor.Randn([1, 3, 4], new Generator(2), DType.Float64);
        var causal = new AttentionOptions { IsCausal = true };
        var padding = new AttentionOptions { KeyPaddingMask = Tensor.From([false, false, true]).Reshape(1, 3) };
        Tensor y = decoder.Call(target, memory, causal, padding);
        decoder.Call(target[.., ..2], memory, causal, padding).AllClose(y[.., ..2], 1e-12, 1e-14).ShouldBeTrue();
        decoder.Call(target, memory[.., ..2], causal).AllClose(y, 1e-12, 1e-14).ShouldBeTrue();
    }
}
