namespace MiniTorch.Tests.Conformance;

/// <summary>A tensor as the reference data writes it.</summary>
public sealed record ReferenceTensor(string Name, string Dtype, int[] Shape, double[] Data)
{
    public Tensor ToTensor() => Tensor.From(Data, Shape, Dtype == "float32" ? DType.Float32 : DType.Float64);
}
